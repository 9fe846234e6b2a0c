import { readSync } from 'node:fs';
import { Block, BlockFullError } from '../block.js';
import type { Fd } from '../brands.js';
import { fcntl_dupfd_cloexec } from '../calls/fcntl.js';
import { close, memfd_create } from '../calls/file.js';
import { MFD } from '../constants/file.js';
import { CLONE } from '../constants/namespace.js';
import { IsolateError } from '../errors.js';
import { runLauncher, runLauncherOnPool } from '../ffi.js';
import type { LateValues, StepKey, Stored } from '../operand.js';
import type { Step } from '../step.js';
import type { CloneArgs } from '../structs/clone-args.js';
import { type EncodedProgram, type EncodedSteps, encodeProgram, mirrorValue, placeOf } from './encode-program.js';
import { goOn, hasPaused, type UntilEnded } from './go-on.js';
import { initFile } from './init-file.js';
import { initProgramValue } from './init-program.js';
import { headerLayout, noneFailed, notRun, stepLayout, wrongLayout } from './layout.js';
import { Left } from './left.js';
import { isOfInit, type Program } from './program.js';
import { readInitFile } from './read-init-file.js';
import { mostAtOnce, Turn } from './turns.js';

/** How a launch went. The pidfd is the caller's to close, and the child the caller's to wait for, also after a failure. */
export interface Launched {
  /** The step that failed, and the error; 0 where a result was not the expected one. */
  readonly failure: { readonly step: Step; readonly errno: number } | undefined;
  /** Some steps were made in other memory than this program's, so that what they returned is known only if one failed. */
  readonly isApart: boolean;
  /** A 32-bit int that a step left: -1 where the step did not run, or failed. */
  int(stored: Stored): number;
  /** What a step returned (`-errno` for an error that it tolerates); undefined where it did not run. */
  result(step: Step): number | undefined;
  /** What a step gave back through one of its arguments, decoded. Only of a step that ran. */
  output(step: Step, argument: number): unknown;
}

/** A launch that has not come to its end: the child may exist, and not be the command yet. */
export interface Launching {
  /** Resolves when its turn comes, and rejects if it is cancelled before; undefined where it has begun at once. */
  readonly turn: Promise<void> | undefined;
  readonly done: Promise<Launched>;
  /** What is in memory now for the result or output of a step: -1 where the step has not come to it. Until `done`. */
  peek(stored: Stored): number;
  /**
   * The launch makes no process any more. One that waits for its turn has none, and `done` rejects with the reason. Of one that has begun
   * the step that makes the process fails with ECANCELED; a process that is born at this moment ends before its first step.
   *
   * @returns a pidfd of the child that was there already, for the caller to end it; -1 where there was none.
   */
  cancel(reason: unknown): Fd;
}

/**
 * Runs a program through the launcher, on a thread of libuv's pool: the event loop goes on, and the thread lives as long
 * as the process, which is what PR_SET_PDEATHSIG counts by.
 *
 * @param untilEnded - how to wait for a process without a thread, for an init that takes long among others, who may stop
 * what it does. Left out, a thread of the pool waits.
 */
export function launch(program: Program, values: LateValues = {}, untilEnded?: UntilEnded): Launching {
  let laid: Laid | undefined;
  let cancelled: { readonly reason: unknown } | undefined;
  const turn = new Turn();
  const run = async (): Promise<Launched> => {
    if (turn.comes !== undefined) await turn.comes;
    let end = () => turn.end();
    try {
      if (cancelled !== undefined) throw cancelled.reason;
      laid = lay(program, withInit(program, values));
      // The block has to stay referenced until the promise settles: ffi-rs does not hold it.
      await runLauncherOnPool(laid.block.address);
      if (hasPaused(laid.block)) {
        end();
        end = () => {};
        await goOn(laid, untilEnded);
      }
      return readBack(laid);
    } finally {
      end();
      if (laid !== undefined) giveBack(laid);
      laid = undefined;
    }
  };
  const peek = (stored: Stored) => (laid === undefined ? -1 : laid.block.int32(placeOf(stored, laid.encoded)));
  const cancel = (reason: unknown) => {
    cancelled ??= { reason };
    turn.leave(reason);
    if (laid === undefined) return -1;
    laid.block.share(headerLayout.cancelled, 1);
    return laid.block.shared(placeOf(program.firstPidfd, laid.encoded));
  };
  return { turn: turn.comes, done: run(), peek, cancel };
}

/** The same on the calling thread, which waits until the child has become the command. */
export function launchSync(program: Program, values: LateValues = {}): Launched {
  const laid = lay(program, withInit(program, values));
  try {
    do runLauncher(laid.block.address);
    while (hasPaused(laid.block));
    return readBack(laid);
  } finally {
    giveBack(laid);
  }
}

function withInit(program: Program, values: LateValues): LateValues {
  return program.init === undefined ? values : { ...values, [initProgramValue]: initFile() };
}

/** A program in a block of memory, ready for the launcher. */
interface Laid {
  readonly program: Program;
  readonly block: Block;
  readonly encoded: EncodedProgram;
  readonly mirror: number;
  /** What is in the block before the launch; undefined where that is another thing each time. */
  readonly image: Buffer | undefined;
  /** The values that stand in it. */
  readonly values: LateValues;
}

const usualSize = 1 << 17;
const spares: Omit<Laid, 'mirror'>[] = [];

/** The most blocks that are kept: one for each launch on the pool, and one for those on this thread. */
const mostSpares = mostAtOnce + 1;

/** Lays a program into a block, or copies it there once more if it was the last one in it. */
function lay(program: Program, values: LateValues): Laid {
  const again = spares.findIndex(
    (spare) => spare.program === program && spare.image !== undefined && sameValues(spare.values, values),
  );
  if (again >= 0) {
    const [spare] = spares.splice(again, 1) as [Laid & { image: Buffer }];
    spare.block.bytes.set(spare.image);
    return { ...spare, mirror: -1 };
  }
  const mirror = program.steps.some(({ step }) => isFork(step)) ? openMirror() : -1;
  try {
    return layAnew(program, values, mirror);
  } catch (error) {
    if (mirror >= 0) close(mirror);
    throw error;
  }
}

function layAnew(program: Program, values: LateValues, mirror: Fd): Laid {
  let block = spares.shift()?.block ?? new Block(usualSize);
  for (;;) {
    try {
      const encoded = encodeProgram(program, { ...values, [mirrorValue]: mirror }, block);
      const image = mirror < 0 ? Buffer.from(block.bytes.subarray(0, block.used)) : undefined;
      return { program, block, encoded, mirror, image, values };
    } catch (error) {
      if (!(error instanceof BlockFullError)) throw error;
      block = new Block(Math.max(block.size * 2, error.needed * 2));
    }
  }
}

/** Descriptors from here on are not among those that a command is given. */
const lowestMirror = 512;

function sameValues(one: LateValues, other: LateValues): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

function openMirror(): Fd {
  const memfd = memfd_create('isolate-launch', MFD.CLOEXEC);
  try {
    return fcntl_dupfd_cloexec(memfd, lowestMirror);
  } finally {
    close(memfd);
  }
}

/** A clone that copies the memory: what its child writes there, the parent does not see. */
function isFork(step: Step): boolean {
  return step.op === 'clone' && (((step.args[0] as CloneArgs).flags ?? 0) & CLONE.VM) === 0;
}

function giveBack({ block, encoded, mirror, image, values, program }: Laid): void {
  if (mirror >= 0) close(mirror);
  if (block.size !== usualSize || spares.length >= mostSpares) return;
  spares.push({ block, encoded, image, values, program });
}

/** Copies what the program left before the block is used again. */
function readBack(laid: Laid): Launched {
  const { program, block, encoded, mirror } = laid;
  if (mirror >= 0) readMirror(laid);
  const own = new Left(encoded, Buffer.from(block.bytes.subarray(0, block.used)));
  const failed = own.bytes.readInt32LE(headerLayout.failed);
  if (failed === wrongLayout) {
    throw new IsolateError(
      'ERR_ISOLATE_LAUNCHER',
      "the launcher's object is of another version of this package: install it again",
    );
  }
  const init = program.init && readInitFile(program, program.init, own, encoded.init as EncodedSteps);
  const step = failed === noneFailed ? undefined : program.steps.filter(({ where }) => !isOfInit(where))[failed]?.step;
  const failure = step && { step, errno: own.bytes.readInt32LE(headerLayout.error) };
  const of = (key: StepKey) => (init?.left?.has(key) ? init.left : own);
  return {
    failure: failure?.step.key === init?.verdictOf?.key ? init?.failure : failure,
    isApart: mirror >= 0 || (program.init !== undefined && init?.left === undefined),
    result: ({ key }) => of(key).result(key),
    int: (stored) => of(stored.step).int(stored),
    output: ({ key }, argument) => of(key).output(key, argument),
  };
}

/**
 * Takes over what a child with its own copy of the memory wrote to the memfd when it failed: what is not known here, which are
 * its own steps, and all that they left.
 */
function readMirror({ program, block, encoded, mirror }: Laid): void {
  const copy = Buffer.alloc(block.used);
  if (readSync(mirror, copy, 0, copy.length, 0) === 0) return;
  // What the parent was told, or not told, by init is the consequence.
  const failed = block.int32(headerLayout.failed);
  const isConsequence = failed >= 0 && [...encoded.offsets.keys()][failed] === program.init?.told.key;
  if (failed === noneFailed || isConsequence) copy.copy(block.bytes, 0, 0, headerLayout.bytes);
  for (const [i, offset] of [...encoded.offsets.values()].entries()) {
    if (block.word(offset + stepLayout.result) !== notRun) continue;
    copy.copy(block.bytes, offset, offset, offset + stepLayout.bytes);
    const laid = encoded.ends[i - 1] ?? headerLayout.bytes + encoded.offsets.size * stepLayout.bytes;
    copy.copy(block.bytes, laid, laid, encoded.ends[i]);
  }
}
