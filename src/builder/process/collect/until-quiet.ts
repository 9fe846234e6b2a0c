import { setImmediate } from 'node:timers/promises';
import type { CollectedOutput } from './collected-output.js';
import type { OutputEncoding } from './encoding.js';

/** A pipe holds 1 MiB at most, and is read in pieces of 64 KiB: whoever goes on writing does not keep us for ever. */
const mostTurns = 64;

/** Waits until what is in the pipes of a process that has ended was read: until a turn of the event loop brings nothing, and another. */
export async function untilQuiet(output: CollectedOutput<OutputEncoding>): Promise<void> {
  let quiet = 0;
  for (let turn = 0; turn < mostTurns && quiet < 2; turn++) {
    const before = output.size;
    await setImmediate();
    quiet = output.size === before ? quiet + 1 : 0;
  }
}
