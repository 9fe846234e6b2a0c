import type { Fd } from '../../sys/index.js';
import { exitWatch } from './exit-watch.js';

/** Waits for the end of a process, which keeps the event loop going, and does not reap it. */
export function untilEnded(pidfd: Fd): Promise<void> {
  exitWatch().hold();
  return new Promise((resolve) => {
    exitWatch().addOther(pidfd, () => {
      exitWatch().release();
      resolve();
    });
  });
}
