import type { Sandbox, Snapshot } from '../index.js';
import { exitStatus, statusOf } from './exit-status.js';
import { SignalForwarder } from './forward-signals.js';
import type { StatusReporter } from './status-report.js';
import { TerminalConnection, terminalFor } from './terminal.js';

/** Who wants to know what. */
export interface Listeners {
  /** What the command changed. */
  readonly changes: (snapshot: Snapshot) => Promise<void>;
  readonly reporter: StatusReporter | undefined;
}

/**
 * `isolate run`: the command has our descriptors, or a terminal of its own that is connected with them, and gets our signals; its exit
 * status is ours.
 */
export async function run(
  sandbox: Sandbox,
  file: string,
  args: readonly string[],
  { changes, reporter }: Listeners,
  tty?: boolean,
): Promise<number> {
  const signals = new SignalForwarder(sandbox);
  try {
    const running = await sandbox.spawn(file, args, {
      identify: reporter !== undefined,
      tty: terminalFor(sandbox, tty),
    });
    signals.attach(running);
    using connection = running.terminal === null ? undefined : new TerminalConnection(running.terminal);
    reporter?.started(running);
    const exit = await running.exited;
    reporter?.ended(exit);
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
