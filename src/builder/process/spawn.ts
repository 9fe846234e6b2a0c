import { Socket } from 'node:net';
import { close, type Fd } from '../../sys/index.js';
import { Snapshot } from '../snapshot/snapshot.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { type TtyOption, ttyOf } from '../spec/terminal.js';
import { thisHost } from '../this-host.js';
import { planFor } from './plan-memory.js';
import { RunningProcess } from './running-process.js';
import { signalNumber } from './signals.js';
import { start } from './start.js';
import { entryOf, type StdioInput } from './stdio-input.js';
import { Terminal } from './terminal.js';

/** How a command is started. */
export interface SpawnOptions {
  /**
   * What its descriptors are connected to: one word for the standard three, or an entry for each from 0 on. Without it, what
   * {@link Sandbox.stdio} says, and `'inherit'` where that says nothing.
   */
  readonly stdio?: StdioInput | readonly StdioInput[];
  /**
   * A terminal of its own for the command, in the place of descriptors 0, 1 and 2: {@link RunningProcess.terminal}. Without it, what
   * {@link Sandbox.tty} says. `stdio` may then say something of the descriptors above 2 only, and `'inherit'` of these.
   */
  readonly tty?: TtyOption;
  /** Ends the command when it is aborted: with `killSignal`. Before the command runs, `spawn` rejects with an AbortError. */
  readonly signal?: AbortSignal;
  /** What an abort sends. SIGKILL if not given: it cannot be ignored. */
  readonly killSignal?: NodeJS.Signals | number;
}

/** Starts a command as a spec says. See {@link Sandbox.spawn}. */
export async function spawn(spec: ProcessSpec, command: Command, options: SpawnOptions): Promise<RunningProcess> {
  const { stdio, signal, killSignal = 'SIGKILL' } = options;
  const signalOfAbort = signalNumber(killSignal, 'killSignal');
  const entries = stdio === undefined ? spec.stdio : stdioEntries(stdio).map(entryOf);
  const plan = planFor(spec, command, { stdio: entries, tty: ttyOf(spec, options.tty) }, thisHost());
  const { pid, pidfd, pipes, changes, master } = await start(plan, spec, signal);

  const streams = new Map(
    plan.parts.pipes.map(({ target, parent }) => {
      const options = { fd: pipes.get(target) as number, readable: parent !== 'writes', writable: parent !== 'reads' };
      return [target, new Socket(options)];
    }),
  );
  const snapshot = changes === undefined ? undefined : new Snapshot(changes, plan.parts.snapshots);
  const parts = { pid, pidfd, isInit: plan.parts.isInit, streams, snapshot };
  const terminal = master === undefined ? undefined : await openTerminal(master, parts);
  const running = new RunningProcess({ ...parts, terminal });
  if (signal !== undefined) endOnAbort(running, signal, signalOfAbort);
  return running;
}

/** Where that takes more descriptors than can be had, the command is ended again. */
async function openTerminal(master: Fd, parts: ConstructorParameters<typeof RunningProcess>[0]): Promise<Terminal> {
  try {
    return new Terminal(master);
  } catch (error) {
    close(master);
    await new RunningProcess(parts)[Symbol.asyncDispose]();
    await parts.snapshot?.discard();
    throw error;
  }
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
