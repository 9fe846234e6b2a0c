import { Socket } from 'node:net';
import type { Fd, LateValues } from '../../sys/index.js';
import { boxValue, compileInBox } from '../compile/box.js';
import { compile } from '../compile/compile.js';
import { Snapshot } from '../snapshot/snapshot.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { thisHost } from '../this-host.js';
import { eitherSignal } from './either-signal.js';
import { planFor } from './plan-memory.js';
import { RunningProcess } from './running-process.js';
import { signalNumber } from './signals.js';
import { start } from './start.js';
import { entryOf, type StdioInput } from './stdio-input.js';

/** How a command is started. */
export interface SpawnOptions {
  /**
   * What its descriptors are connected to: one word for the standard three, or an entry for each from 0 on. Without it, what
   * {@link Sandbox.stdio} says, and `'inherit'` where that says nothing.
   */
  readonly stdio?: StdioInput | readonly StdioInput[];
  /** Ends the command when it is aborted: with `killSignal`. Before the command runs, `spawn` rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /** What an abort sends. SIGKILL if not given: it cannot be ignored. */
  readonly killSignal?: NodeJS.Signals | number;
}

/** Starts a command as a spec says. See {@link Sandbox.spawn}. */
export function spawn(spec: ProcessSpec, command: Command, options: SpawnOptions): Promise<RunningProcess> {
  return startCommand({ compile, spec }, command, options);
}

/** A box, for a command in it. */
export interface PlaceInBox {
  readonly spec: ProcessSpec;
  /** A pidfd of what holds it. */
  readonly box: Fd;
  /** Aborted when nothing is to be started in it any more. */
  readonly until: AbortSignal;
  /** What the command changes, where that is known to be its own. */
  readonly snapshot: Snapshot | undefined;
}

/** Starts a command in a box that was opened for the same spec. See {@link Box.spawn}. */
export function spawnInBox(
  { spec, box, until, snapshot }: PlaceInBox,
  command: Command,
  options: SpawnOptions,
): Promise<RunningProcess> {
  const values = { [boxValue]: box };
  return startCommand({ compile: compileInBox, spec, values, until, snapshot }, command, options);
}

/** What is started, and where. */
interface Start {
  readonly compile: typeof compile;
  readonly spec: ProcessSpec;
  readonly values?: LateValues;
  readonly until?: AbortSignal;
  readonly snapshot?: Snapshot | undefined;
}

async function startCommand(
  { compile, spec, values, until, snapshot: shared }: Start,
  command: Command,
  options: SpawnOptions,
): Promise<RunningProcess> {
  const { stdio, signal, killSignal = 'SIGKILL' } = options;
  const signalOfAbort = signalNumber(killSignal, 'killSignal');
  const entries = stdio === undefined ? undefined : stdioEntries(stdio).map(entryOf);
  const plan = planFor(compile, spec, command, entries, thisHost());
  const early = eitherSignal(signal, until);
  const started = start(plan, spec, early.signal, values).finally(early.release);
  const { pid, pidfd, line, pipes, changes } = await started;

  const streams = new Map(
    plan.parts.pipes.map(({ target, parent }) => {
      const options = { fd: pipes.get(target) as number, readable: parent !== 'writes', writable: parent !== 'reads' };
      return [target, new Socket(options)];
    }),
  );
  const snapshot = changes === undefined ? shared : new Snapshot(changes, plan.parts.snapshots);
  const running = new RunningProcess({ pid, pidfd, line, isPid1: plan.parts.isPid1, streams, snapshot });
  if (signal !== undefined) endOnAbort(running, signal, signalOfAbort);
  return running;
}

function endOnAbort(running: RunningProcess, signal: AbortSignal, killSignal: number): void {
  const kill = () => {
    try {
      running.kill(killSignal);
    } catch {
      // It has become another user's: it ends when it ends.
    }
  };
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  void running.exited.then(() => signal.removeEventListener('abort', kill));
}
