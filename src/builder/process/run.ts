import type { Readable } from 'node:stream';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { Exit } from './exit.js';
import type { RunningProcess } from './running-process.js';
import type { SpawnOptions } from './spawn.js';

/** How a command is run to its end: see {@link SpawnOptions}. Without `stdio` it has no input, and its output is collected. */
export type RunOptions = SpawnOptions;

/** What a command printed, and how it ended. */
export interface RunResult {
  /** As UTF-8; empty where it was not collected. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: Exit;
}

/** The options for a run: output is collected, unless the caller or the spec says otherwise. */
export function withCollectedStdio(spec: ProcessSpec, options: RunOptions): SpawnOptions {
  if (options.stdio !== undefined || spec.stdio !== undefined) return options;
  return { ...options, stdio: ['ignore', 'pipe', 'pipe'] };
}

/** Starts a command, and waits for its end and for all that it prints. */
export async function collect(start: () => Promise<RunningProcess>, { signal }: RunOptions): Promise<RunResult> {
  const running = await start();
  running.stdin?.end();
  const [stdout, stderr, exit] = await Promise.all([textOf(running.stdout), textOf(running.stderr), running.exited]);
  signal?.throwIfAborted();
  return { stdout, stderr, exit };
}

async function textOf(stream: Readable | null): Promise<string> {
  if (stream === null) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
