import type { Sandbox } from '../index.js';
import { exitStatus, statusOf } from './exit-status.js';
import { SignalForwarder } from './forward-signals.js';

/** `isolate run`: the command has our descriptors and gets our signals; its exit status is ours. */
export async function run(sandbox: Sandbox, file: string, args: readonly string[]): Promise<number> {
  const signals = new SignalForwarder(sandbox);
  try {
    const running = await sandbox.spawn(file, args);
    signals.attach(running);
    const exit = await running.exited;
    if (exit.kind === 'signaled' && exit.signal === 'SIGKILL' && signals.last !== undefined) {
      return exitStatus.signalBase + signals.last;
    }
    return statusOf(exit);
  } finally {
    signals.end();
  }
}
