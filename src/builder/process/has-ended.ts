import type { Fd } from '../../sys/index.js';
import { isReadable } from './is-readable.js';

/** Whether a process has ended, and is a zombie now at most. */
export function hasEnded(pidfd: Fd): boolean {
  return isReadable(pidfd);
}
