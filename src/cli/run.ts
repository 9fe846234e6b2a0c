import type { Sandbox, Snapshot } from '../index.js';
import { exitStatus, statusOf } from './exit-status.js';
import { SignalForwarder } from './forward-signals.js';

/** What is to be said of what the command changed. */
type Tell = (snapshot: Snapshot) => Promise<void>;

/** `isolate run`: the command has our descriptors and gets our signals; its exit status is ours. */
export async function run(sandbox: Sandbox, file: string, args: readonly string[], tell: Tell): Promise<number> {
  const signals = new SignalForwarder(sandbox);
  try {
    const running = await sandbox.spawn(file, args);
    signals.attach(running);
    const exit = await running.exited;
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
