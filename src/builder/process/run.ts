import { setTimeout } from 'node:timers/promises';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { CollectedOutput } from './collect/collected-output.js';
import type { Output, OutputEncoding } from './collect/encoding.js';
import { CommandInput } from './collect/run-input.js';
import { untilQuiet } from './collect/until-quiet.js';
import { type Exit, exitOfNone } from './exit.js';
import { LaunchTimeoutError } from './launch-timeout-error.js';
import { type RunOptions, spawnOptionsOf, usualMaxBuffer } from './run-options.js';
import type { RunningProcess } from './running-process.js';
import { type SpawnOptions, timeLimit } from './spawn-options.js';

/** What a command printed, and how it ended. */
export interface RunResult<E extends OutputEncoding = 'text', A extends boolean = boolean> {
  /** What it printed, in the {@link RunOptions.encoding}; empty where it was not collected. */
  readonly stdout: Output<E>;
  readonly stderr: Output<E>;
  /** Both, as they arrived, with {@link RunOptions.all}. With `'lines'`, none of them has something of the other stream in it. */
  readonly all: A extends true ? Output<E> : undefined;
  readonly exit: Exit;
  /** What the command changed in the directories of {@link Sandbox.snapshot}: discard it when it is not needed any more. */
  readonly snapshot?: Snapshot;
}

/**
 * Starts a command of a spec, and waits for its end and for all that it prints; after an abort, only for its end, and after its time limit
 * not for what it left behind.
 *
 * @throws AbortError - the signal was aborted. MaxBufferError - it printed too much. What the source of its input fails with. In each
 * case it is gone.
 */
export async function collect<E extends OutputEncoding = 'text', A extends boolean = false>(
  spec: ProcessSpec,
  options: RunOptions<E, A>,
  start: (options: SpawnOptions) => Promise<RunningProcess>,
): Promise<RunResult<E, A>> {
  const { signal, maxBuffer = usualMaxBuffer, encoding = 'text' as E, all = false } = options;
  const spawnOptions = spawnOptionsOf(spec, options);
  const input = options.input === undefined ? undefined : new CommandInput(options.input);
  let running: RunningProcess;
  try {
    running = await start(spawnOptions);
  } catch (error) {
    input?.destroy();
    if (!(error instanceof LaunchTimeoutError)) throw error;
    const none = new CollectedOutput({ stdout: null, stderr: null }, { encoding, maxBuffer, all, onFailure: () => {} });
    return { ...none.take(), exit: exitOfNone(error.limit) } as RunResult<E, A>;
  }

  const failed = new AbortController();
  const fail = (error: unknown) => failed.abort(error);
  let gone: Promise<unknown> | undefined;
  const end = () => {
    gone ??= endNow(running);
  };
  failed.signal.addEventListener('abort', end);
  const output = new CollectedOutput(running, { encoding, maxBuffer, all, onFailure: fail });
  output.complete.catch(() => {});
  if (input === undefined) running.stdin?.end();
  else if (running.stdin !== null) input.feed(running.stdin).catch(fail);

  const exit = await running.exited;
  // What it left behind may hold its output open for ever.
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  try {
    await completed(output, running, exit, timeLimit(spec, options));
    signal?.throwIfAborted();
    failed.signal.throwIfAborted();
    const { snapshot } = running;
    const result = { ...output.take(), exit, ...(snapshot === undefined ? {} : { snapshot }) };
    return result as RunResult<E, A>;
  } catch (error) {
    await gone;
    await running.snapshot?.discard();
    signal?.throwIfAborted();
    failed.signal.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
    input?.destroy();
  }
}

/** Kills it, and closes its streams. One that has become another user's ends when it ends. */
async function endNow(running: RunningProcess): Promise<void> {
  const disposed = running[Symbol.asyncDispose]();
  // Whoever cannot be killed, or was left behind, can write no more from now on.
  running.stdout?.destroy();
  running.stderr?.destroy();
  await disposed.catch(() => running.exited);
}

/** Waits for the end of what is printed, but no longer than the time of the command: then its streams are closed. */
async function completed(
  output: CollectedOutput<OutputEncoding>,
  running: RunningProcess,
  exit: Exit,
  limit: number | undefined,
): Promise<void> {
  if (exit.kind !== 'timeout' && limit === undefined) return void (await output.complete);
  const waiting = new AbortController();
  const left = exit.kind === 'timeout' ? 0 : Math.max(0, (limit as number) - exit.wallTime);
  const isOver = setTimeout(left, false, { signal: waiting.signal }).catch(() => false);
  try {
    if (await Promise.race([output.complete.then(() => true), isOver])) return;
    await untilQuiet(output);
    await running[Symbol.asyncDispose]();
  } finally {
    waiting.abort();
  }
}
