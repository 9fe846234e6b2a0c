import type { Readable } from 'node:stream';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { ttyOf } from '../spec/terminal.js';
import type { Exit } from './exit.js';
import type { RunningProcess } from './running-process.js';
import type { SpawnOptions } from './spawn.js';

/**
 * How a command is run to its end: see {@link SpawnOptions}. Without `stdio` it has no input, and its output is collected; with `tty`,
 * all that it prints is in `stdout`.
 */
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
  if (options.stdio !== undefined || spec.stdio !== undefined || ttyOf(spec, options.tty) !== undefined) return options;
  return { ...options, stdio: ['ignore', 'pipe', 'pipe'] };
}

/** Starts a command, and waits for its end and for all that it prints; after an abort, only for its end. */
export async function collect(start: () => Promise<RunningProcess>, { signal }: RunOptions): Promise<RunResult> {
  const running = await start();
  running.stdin?.end();
  const printed = Promise.all([textOf(running.stdout), textOf(running.stderr)]);
  printed.catch(() => {});
  // What it left behind may hold its output open for ever.
  let abandoned: Promise<void> | undefined;
  const abandon = () => {
    abandoned = running[Symbol.asyncDispose]();
  };
  const exit = await running.exited;
  if (signal?.aborted) abandon();
  signal?.addEventListener('abort', abandon, { once: true });
  try {
    const [stdout, stderr] = await printed;
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

async function textOf(stream: Readable | null): Promise<string> {
  if (stream === null) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
