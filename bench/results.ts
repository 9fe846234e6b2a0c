import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Host } from './host.js';
import type { LiveCost } from './live-cost.js';
import type { Crowd, LoopDelay } from './many-at-once.js';
import type { Times } from './one-at-a-time.js';

/** Everything that was measured. */
export interface Results {
  readonly host: Host;
  readonly missing: readonly string[];
  readonly idle: LoopDelay;
  readonly commands: readonly CommandResults[];
  /** What it costs to have a command running. */
  readonly live: readonly LiveCost[];
}

/** What was measured with one command. */
export interface CommandResults {
  readonly command: string;
  readonly oneAtATime: readonly Times[];
  readonly manyAtOnce: readonly Crowd[];
  readonly heap: readonly Times[];
  readonly steps: readonly LadderTimes[];
}

/** What was measured of a sandbox that is built up step by step. */
export interface LadderTimes {
  readonly title: string;
  /** The steps in order. */
  readonly steps: readonly Times[];
  readonly beside: readonly Times[];
}

/** Writes the results where git does not see them; tells where, or why not. */
export function writeResults(results: Results, file: string): string {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results)}\n`);
    return `all figures: ${file}`;
  } catch (error) {
    return `the figures were not kept: ${(error as Error).message}`;
  }
}
