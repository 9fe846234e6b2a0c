import { type Fd, POLL, ppoll } from '../../sys/index.js';

/** Whether a process has ended, and is a zombie now at most. */
export function hasEnded(pidfd: Fd): boolean {
  return ppoll([{ fd: pidfd, events: POLL.IN }], {}) > 0;
}
