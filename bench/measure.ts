import type { Contestant } from './contestant.js';
import { floorContestants } from './floor.js';
import { Heaps } from './heap.js';
import type { Ladder } from './ladder.js';
import { onLadder } from './ladders.js';
import { measureSteps } from './measure-steps.js';
import { oneAtATime, type Times } from './one-at-a-time.js';
import type { Options } from './options.js';
import { measurePart, type Part } from './part.js';
import type { Peer } from './peer.js';
import { plain, seven } from './peers.js';
import type { Program } from './programs.js';
import type { CommandResults, LadderTimes } from './results.js';
import { teller } from './teller.js';

/** Who takes part. */
export interface Field {
  readonly peers: readonly Peer[];
  readonly ladders: readonly Ladder[];
  readonly floor: string | undefined;
  /** Whether there is the memory for a big heap. */
  readonly heaps: boolean;
}

const full = { single: 40, crowd: { rounds: 6, seconds: 1 }, heap: 15, steps: 30 };
const quick = { single: 8, crowd: { rounds: 2, seconds: 0.5 }, heap: 4, steps: 5 };

/** Measures all parts with one command. */
export async function measure({ name, path }: Program, field: Field, options: Options): Promise<CommandResults> {
  const rounds = options.quick ? quick : full;
  const wanted = <T extends { readonly name: string }>(part: string, all: readonly T[]): T[] => {
    const isWanted = (it: T) => `${part}, ${name}, ${it.name}`.includes(options.only ?? '');
    // What the others are compared with is always there.
    return all.some(isWanted) ? all.filter((it) => isWanted(it) || it.name.startsWith(plain)) : [];
  };

  const part = (kind: Part['kind'], all: readonly { readonly name: string }[], count: number) =>
    measurePart({
      kind,
      command: path,
      names: wanted(kind, all).map((one) => one.name),
      floor: field.floor,
      rounds: count,
      seconds: rounds.crowd.seconds,
    });
  const floors = field.floor === undefined ? [] : floorContestants(field.floor, path);
  const heap = async (): Promise<Times[]> => {
    const measured = field.peers.filter((peer) => [plain, seven].includes(peer.name));
    if (!field.heaps || wanted('heap', measured).length === 0) return [];
    await using heaps = await Heaps.open();
    const all: Contestant[] = wanted('heap', measured).flatMap((peer) => heaps.contestants(peer.name, path));
    return await oneAtATime(all, rounds.heap, teller(`big heap, ${name}`, rounds.heap));
  };
  const { single = [] } = await part('one-at-a-time', [...field.peers, ...floors], rounds.single);
  const { crowd = [] } = await part(
    'many-at-once',
    field.peers.filter(({ isAlone }) => !isAlone),
    rounds.crowd.rounds,
  );
  // A step says something only beside the others: all of them, or none.
  const some = field.ladders.filter((ladder) => wanted('steps', onLadder(ladder)).length > 0);
  const steps: LadderTimes[] = [];
  for (const ladder of some) steps.push(await measureSteps(ladder, path, rounds.steps));
  return { command: name, oneAtATime: single, manyAtOnce: crowd, heap: await heap(), steps };
}
