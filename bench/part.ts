import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Crowd } from './many-at-once.js';
import type { Times } from './one-at-a-time.js';
import { stop, track } from './stop.js';

/** What a Node of its own is to measure. */
export interface Part {
  readonly kind: 'one-at-a-time' | 'many-at-once' | 'steps';
  /** The path of the command. */
  readonly command: string;
  /** Who takes part. */
  readonly names: readonly string[];
  readonly floor: string | undefined;
  /** The title of the ladder that they are on, if they are on one. */
  readonly ladder?: string;
  readonly rounds: number;
  readonly seconds: number;
}

export interface PartResult {
  readonly single?: readonly Times[];
  readonly crowd?: readonly Crowd[];
}

/** Measures in a fresh Node: one that has measured before is larger, and a fork costs more the larger its Node is. */
export async function measurePart(part: Part): Promise<PartResult> {
  if (part.names.length === 0) return {};
  stop.throwIfAborted();
  const node = fork(fileURLToPath(new URL('part-process.js', import.meta.url)), [JSON.stringify(part)]);
  const untrack = track(node);
  const end = () => node.connected && node.disconnect();
  stop.addEventListener('abort', end);
  let result: PartResult | undefined;
  node.once('message', (message) => {
    result = message as PartResult;
  });
  // Its end may be seen before the last of a long message has been read; the end of the line is not.
  const [[code, signal]] = await Promise.all([once(node, 'exit'), once(node, 'disconnect')]);
  untrack();
  stop.removeEventListener('abort', end);
  stop.throwIfAborted();
  if (result === undefined) throw new Error(`a Node of the bench ended with ${signal ?? code}`);
  return result;
}
