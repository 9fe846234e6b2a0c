import type { Exit, Sandbox, Snapshot } from '../index.js';
import { exitStatus, statusOf } from './exit-status.js';
import { SignalForwarder } from './forward-signals.js';
import type { StatusReporter } from './status-report.js';
import { TerminalConnection, terminalFor } from './terminal.js';

/** How a command is started. */
export interface Start extends Pick<Sandbox, 'spec' | 'spawn'> {
  readonly isPid1: boolean;
}

/** Who wants to know what. */
export interface Listeners {
  /** What the command changed. */
  readonly changes: (snapshot: Snapshot) => Promise<void>;
  readonly reporter: StatusReporter | undefined;
  /** It has ended. */
  readonly ended?: (exit: Exit) => void;
}

/**
 * `isolate run` and `isolate enter`: the command has our descriptors, or a terminal of its own that is connected with them, and gets our signals; its exit
 * status is ours.
 */
export async function run(
  start: Start,
  file: string,
  args: readonly string[],
  { changes, reporter, ended }: Listeners,
  tty?: boolean,
): Promise<number> {
  const signals = new SignalForwarder(start.isPid1);
  try {
    const running = await start.spawn(file, args, {
      identify: reporter !== undefined,
      ...terminalFor(start, tty),
    });
    signals.attach(running);
    using connection = running.terminal === null ? undefined : new TerminalConnection(running.terminal);
    reporter?.started(running);
    const exit = await running.exited;
    reporter?.ended(exit);
    ended?.(exit);
    await connection?.drained();
    await using snapshot = running.snapshot;
    if (snapshot !== undefined) await changes(snapshot);
    if (exit.kind === 'signaled' && exit.signal === 'SIGKILL' && signals.last !== undefined) {
      return exitStatus.signalBase + signals.last;
    }
    return statusOf(exit);
  } finally {
    signals.end();
  }
}
