import { setTimeout } from 'node:timers/promises';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { Exit } from './exit.js';
import { Printed, untilQuiet } from './printed.js';
import type { RunningProcess } from './running-process.js';
import type { SpawnOptions } from './spawn-options.js';

/** How a command is run to its end: see {@link SpawnOptions}. Without `stdio` it has no input, and its output is collected. */
export type RunOptions = SpawnOptions;

/** What a command printed, and how it ended. */
export interface RunResult {
  /** As UTF-8; empty where it was not collected. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: Exit;
  /** What the command changed in the directories of {@link Sandbox.snapshot}: discard it when it is not needed any more. */
  readonly snapshot?: Snapshot;
}

/** The options for a run: output is collected, unless the caller or the spec says otherwise. */
export function withCollectedStdio(spec: ProcessSpec, options: RunOptions): SpawnOptions {
  if (options.stdio !== undefined || spec.stdio !== undefined) return options;
  return { ...options, stdio: ['ignore', 'pipe', 'pipe'] };
}

/**
 * Starts a command, and waits for its end and for all that it prints; after an abort, only for its end. `limit`: its time limit,
 * milliseconds, after which what it left behind is not waited for.
 */
export async function collect(
  start: () => Promise<RunningProcess>,
  { signal }: RunOptions,
  limit?: number,
): Promise<RunResult> {
  const running = await start();
  running.stdin?.end();
  const printed = [new Printed(running.stdout), new Printed(running.stderr)] as const;
  // What it left behind may hold its output open for ever.
  let abandoned: Promise<void> | undefined;
  const abandon = () => {
    abandoned = running[Symbol.asyncDispose]();
  };
  const exit = await running.exited;
  if (signal?.aborted) abandon();
  signal?.addEventListener('abort', abandon, { once: true });
  try {
    await outputOf(running, printed, exit, limit);
    const [stdout, stderr] = printed.map(({ text }) => text) as [string, string];
    const { snapshot } = running;
    return { stdout, stderr, exit, ...(snapshot === undefined ? {} : { snapshot }) };
  } finally {
    signal?.removeEventListener('abort', abandon);
    await abandoned;
    if (signal?.aborted) {
      await running.snapshot?.discard();
      signal.throwIfAborted();
    }
  }
}

/** Waits for the end of what is printed, but no longer than the time of the command: then its streams are closed. */
async function outputOf(
  running: RunningProcess,
  printed: readonly Printed[],
  exit: Exit,
  limit: number | undefined,
): Promise<void> {
  const ended = Promise.all(printed.map(({ done }) => done)).then(() => true);
  if (exit.kind !== 'timeout' && limit === undefined) return void (await ended);
  const waiting = new AbortController();
  const left = exit.kind === 'timeout' ? 0 : Math.max(0, (limit as number) - exit.wallTime);
  const isOver = setTimeout(left, false, { signal: waiting.signal }).catch(() => false);
  try {
    if (await Promise.race([ended, isOver])) return;
    await untilQuiet(printed);
    ended.catch(() => {});
    await running[Symbol.asyncDispose]();
  } finally {
    waiting.abort();
  }
}
