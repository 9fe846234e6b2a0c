import { readSync } from 'node:fs';
import type { Fd } from '../brands.js';
import { IsolateError } from '../errors.js';
import { runLauncher, runLauncherOnPool } from '../ffi.js';
import type { LateValues, StepKey, Stored } from '../operand.js';
import type { Step } from '../step.js';
import { type EncodedSteps, placeOf } from './encode-program.js';
import { goOn, hasPaused, type UntilEnded } from './go-on.js';
import { initFile } from './init-file.js';
import { initProgramValue } from './init-program.js';
import { copyOf, giveBack, type Laid, lay } from './lay.js';
import { headerLayout, noneFailed, notRun, stepLayout, wrongLayout } from './layout.js';
import { Left } from './left.js';
import { isOfInit, type Program } from './program.js';
import { readInitFile } from './read-init-file.js';
import { Turn } from './turns.js';

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

/** What a launch has to do with others of this thread, of which a few run at once. */
export interface LaunchTurn {
  /** Names of what the process goes into, and where it may be held up: one launch at a time goes into each. */
  readonly places?: readonly string[];
  /**
   * Called at once, where it has to wait for its turn.
   *
   * @param heldUpSince - tells since when another launch is on its way to a place of this one: as of `performance.now()`, undefined where none is.
   */
  readonly onWait?: (heldUpSince: () => number | undefined) => void;
  /** Called when its turn has come. What it throws, `done` rejects with: nothing was done then. */
  readonly onTurn?: () => void;
}

export interface LaunchOptions extends LaunchTurn {
  /**
   * How to wait for a process without a thread, for an init that takes long among others, who may stop what it does. Left out, a thread of the
   * pool waits.
   */
  readonly untilEnded?: UntilEnded;
}

/** A launch that has not come to its end: the child may exist, and not be the command yet. */
export interface Launching {
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
 */
export function launch(program: Program, values: LateValues = {}, options: LaunchOptions = {}): Launching {
  const { places, onWait, onTurn, untilEnded } = options;
  let laid: Laid | undefined;
  let cancelled: { readonly reason: unknown } | undefined;
  const turn = new Turn(places);
  const run = async (): Promise<Launched> => {
    if (turn.comes !== undefined) {
      onWait?.(() => turn.heldUpSince);
      await turn.comes;
    }
    let end = () => turn.end();
    try {
      if (cancelled !== undefined) throw cancelled.reason;
      onTurn?.();
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
    const { block, encoded } = laid;
    block.share(headerLayout.cancelled, 1);
    // The kernel writes the pid only where there is a process, but the pidfd also where it takes that back: after a late failure.
    return block.shared(placeOf(program.firstPid, encoded)) > 0
      ? block.shared(placeOf(program.firstPidfd, encoded))
      : -1;
  };
  return { done: run(), peek, cancel };
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

/** Copies what the program left before the block is used again. */
function readBack(laid: Laid): Launched {
  const { program, block, encoded, values } = laid;
  if (values.mirror >= 0) readMirror(laid);
  const own = new Left(encoded, copyOf(block));
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
    isApart: values.mirror >= 0 || (program.init !== undefined && init?.left === undefined),
    result: ({ key }) => of(key).result(key),
    int: (stored) => of(stored.step).int(stored),
    output: ({ key }, argument) => of(key).output(key, argument),
  };
}

/**
 * Takes over what a child with its own copy of the memory wrote to the memfd when it failed: what is not known here, which are
 * its own steps, and all that they left.
 */
function readMirror({ program, block, encoded, values }: Laid): void {
  const copy = Buffer.alloc(block.used);
  if (readSync(values.mirror, copy, 0, copy.length, 0) === 0) return;
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
