import { P, W, waitid } from '../../sys/index.js';
import { uninterrupted } from '../uninterrupted.js';

/** Waits on this thread for a child that is about to end, or has: by its pid or by a pidfd. */
export function reap(by: 'PID' | 'PIDFD', child: number): void {
  uninterrupted(() => waitid(P[by], child, W.EXITED));
}
