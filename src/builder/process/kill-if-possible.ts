import { type Fd, pidfd_send_signal, SIG, SyscallError } from '../../sys/index.js';

/** Kills a process, unless it is gone already or has become another user's. */
export function killIfPossible(pidfd: Fd): void {
  try {
    pidfd_send_signal(pidfd, SIG.KILL);
  } catch (error) {
    if (!(error instanceof SyscallError && ['ESRCH', 'EPERM'].includes(error.code))) throw error;
  }
}
