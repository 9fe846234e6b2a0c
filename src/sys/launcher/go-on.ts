import { readSync } from 'node:fs';
import type { Block } from '../block.js';
import type { Fd, Pid } from '../brands.js';
import { kill } from '../calls/process.js';
import { SIG } from '../constants/signal.js';
import { runLauncher, runLauncherOnPool } from '../ffi.js';
import { cloneLeftAt } from '../structs/clone-args.js';
import { type EncodedProgram, placeOf } from './encode-program.js';
import { headerLayout } from './layout.js';
import type { Program } from './program.js';

/** Resolves when a process has ended, without reaping it. */
export type UntilEnded = (pidfd: Fd) => Promise<void>;

/** A launch that the launcher has stopped in the middle of. */
interface Paused {
  readonly program: Program;
  readonly block: Block;
  readonly encoded: EncodedProgram;
}

/** Whether the launcher has to be called again, since init has not told yet how it went. */
export function hasPaused(block: Block): boolean {
  return block.int32(headerLayout.first) !== 0;
}

/** Takes a launch to its end that has paused. */
export async function goOn(paused: Paused, untilEnded: UntilEnded | undefined): Promise<void> {
  const { program, block, encoded } = paused;
  // Init has told when it ends, or was killed.
  if (untilEnded !== undefined) {
    await untilEnded(block.int32(placeOf(program.firstPidfd, encoded)));
    runLauncher(block.address);
    // Nobody else would ever end what it has cloned, if that was stopped before it became the command. It is our child.
    const made = hasPaused(block) ? clonedByInit(paused) : -1;
    if (made > 0) kill(made, SIG.KILL);
  }
  while (hasPaused(block)) await runLauncherOnPool(block.address);
}

/** The pid of the process that init has cloned: the kernel has written it into the file of its steps before that could run. */
function clonedByInit({ program: { init }, block, encoded }: Paused): Pid {
  if (init?.clone === undefined || encoded.init === undefined) return -1;
  const file = block.int32(placeOf(init.descriptors.file.result, encoded));
  const pid = Buffer.alloc(4);
  readSync(file, pid, 0, pid.length, placeOf(init.clone.output(0, cloneLeftAt.pid), encoded.init));
  return pid.readInt32LE(0);
}
