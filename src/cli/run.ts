import type { Sandbox, Snapshot } from '../index.js';
import { exitStatus, statusOf } from './exit-status.js';
import { SignalForwarder } from './forward-signals.js';
import { TerminalConnection, terminalFor } from './terminal.js';

/** What is to be said of what the command changed. */
type Tell = (snapshot: Snapshot) => Promise<void>;

/**
 * `isolate run`: the command has our descriptors, or a terminal of its own that is connected with them, and gets our signals; its exit
 * status is ours.
 */
export async function run(
  sandbox: Sandbox,
  file: string,
  args: readonly string[],
  tell: Tell,
  tty?: boolean,
): Promise<number> {
  const signals = new SignalForwarder(sandbox);
  try {
    const running = await sandbox.spawn(file, args, { tty: terminalFor(sandbox, tty) });
    signals.attach(running);
    using connection = running.terminal === null ? undefined : new TerminalConnection(running.terminal);
    const exit = await running.exited;
    await connection?.drained();
    await using snapshot = running.snapshot;
    if (snapshot !== undefined) await tell(snapshot);
    if (exit.kind === 'signaled' && exit.signal === 'SIGKILL' && signals.last !== undefined) {
      return exitStatus.signalBase + signals.last;
    }
    return statusOf(exit);
  } finally {
    signals.end();
  }
}
