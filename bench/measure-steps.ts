import type { Ladder } from './ladder.js';
import { onLadder } from './ladders.js';
import { measurePart } from './part.js';
import type { Peer } from './peer.js';
import type { LadderTimes } from './results.js';

/** Measures the steps of a sandbox, one at a time, in a Node of their own. */
export async function measureSteps(ladder: Ladder, command: string, rounds: number): Promise<LadderTimes> {
  const names = onLadder(ladder).map(({ name }) => name);
  const part = { kind: 'steps', ladder: ladder.title, floor: undefined, seconds: 0 } as const;
  const { single = [] } = await measurePart({ ...part, command, names, rounds });
  const timesOf = (peers: readonly Peer[]) => single.filter((one) => peers.some(({ name }) => name === one.name));
  return { title: ladder.title, steps: timesOf(ladder.steps), beside: timesOf(ladder.beside) };
}
