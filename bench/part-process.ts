// One part of the bench, in a Node of its own: see part.ts, which starts it.
import { peerContestant } from './contestant.js';
import { floorContestants } from './floor.js';
import { ladders, onLadder } from './ladders.js';
import { manyAtOnce } from './many-at-once.js';
import { oneAtATime } from './one-at-a-time.js';
import type { Part, PartResult } from './part.js';
import { peers } from './peers.js';
import { stop, stopOnSignals, stoppedStatus } from './stop.js';
import { teller } from './teller.js';

stopOnSignals();
const part: Part = JSON.parse(process.argv[2] as string);

async function run({ kind, command, names, floor, ladder, rounds, seconds }: Part): Promise<PartResult> {
  const all = ladder === undefined ? peers : ladders.filter(({ title }) => title === ladder).flatMap(onLadder);
  const named = all.filter(({ name }) => names.includes(name));
  const round = teller(`${kind}, ${command}`, rounds);
  if (kind === 'many-at-once') return { crowd: await manyAtOnce(named, command, { rounds, seconds }, round) };
  const floors = floor === undefined ? [] : floorContestants(floor, command).filter(({ name }) => names.includes(name));
  try {
    const contestants = [...named.map((peer) => peerContestant(peer, command)), ...floors];
    return { single: await oneAtATime(contestants, rounds, round) };
  } finally {
    await Promise.all(named.map((peer) => peer.end?.()));
  }
}

/** Resolves when all of it is on its way: to disconnect before that cuts a long message short. */
const tell = (result: PartResult) =>
  new Promise<void>((resolve, reject) => {
    process.send?.(result, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });

try {
  await tell(await run(part));
} catch (error) {
  if (!stop.aborted) throw error;
  process.exitCode = stoppedStatus();
} finally {
  process.disconnect?.();
}
