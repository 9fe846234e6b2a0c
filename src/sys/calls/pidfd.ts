import { constant, flags, input, int, oneOf } from '../args.js';
import type { Fd, Pid } from '../brands.js';
import { PIDFD } from '../constants/pidfd.js';
import { SIG } from '../constants/signal.js';
import { nameOfValue } from '../flags.js';
import { queuedSiginfo } from '../structs/siginfo.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

/** `SI_QUEUE`: the signal was queued by a process, with a value. */
const SI_QUEUE = -1;

/** The signal, and what is told with it. */
const signalWithValue = input<{ readonly si_signo: number; readonly si_value: number }>(
  ['int sig', 'siginfo_t *info'],
  {
    encode: (queued, block) => [
      queued.si_signo,
      queuedSiginfo.encode(
        { ...queued, si_code: SI_QUEUE, si_pid: process.pid, si_uid: process.getuid?.() ?? 0 },
        block,
      ),
    ],
    render: ({ si_signo, si_value }) =>
      `${nameOfValue(SIG, si_signo) ?? si_signo}, {si_code=SI_QUEUE, si_value=${si_value}}`,
  },
);

/**
 * `pidfd_open(pid, flags)`: opens a descriptor that stands for a process. Unlike a pid it never comes to mean another
 * one, and it is readable (poll, epoll) once the process is gone. See pidfd_open(2).
 *
 * Acts on the calling process, which gets the descriptor; execve closes it.
 *
 * @param pid - a process of the caller's PID namespace, or of one below it. It may be a zombie, but not reaped.
 * @param flags - {@link PIDFD} bits: with `PIDFD_NONBLOCK`, {@link waitid} on it gives EAGAIN rather than wait.
 * @returns the descriptor.
 * @throws SyscallError ESRCH: there is no such process. EINVAL: the id is of a thread (without `PIDFD_THREAD`), not
 * positive, or a flag is not known. EMFILE, ENFILE: no more descriptors. ENOSYS: Linux before 5.3.
 */
export const pidfd_open: Syscall<[pid: Pid, flags: number], Fd> = defineSyscall({
  name: 'pidfd_open',
  man: 'pidfd_open(2)',
  scope: 'process',
  args: [int<Pid>('pid_t pid'), flags('unsigned int flags', PIDFD)],
  result: number,
});

/**
 * `pidfd_send_signal(pidfd, sig, NULL, 0)`: sends a signal to the process that a descriptor stands for, and never to
 * another one. See pidfd_send_signal(2).
 *
 * Acts on that process.
 *
 * @param pidfd - the process.
 * @param sig - a {@link SIG} value; 0 sends nothing, and asks whether it could.
 * @throws SyscallError ESRCH: it is gone. EPERM: another user's process, without CAP_KILL over it. EINVAL: no such
 * signal, or the process is not in the caller's PID namespace or below. EBADF: not a pidfd.
 */
export const pidfd_send_signal: Syscall<[pidfd: Fd, sig: number], void> = defineSyscall({
  name: 'pidfd_send_signal',
  man: 'pidfd_send_signal(2)',
  scope: 'process',
  args: [
    int<Fd>('int pidfd'),
    oneOf('int sig', SIG),
    constant('siginfo_t *info', 0, 'NULL'),
    constant('unsigned int flags', 0),
  ],
  result: nothing,
});

/**
 * `pidfd_send_signal(pidfd, sig, info, 0)`: sends a signal with a value, as sigqueue(3) does, to the process that a descriptor
 * stands for. See pidfd_send_signal(2).
 *
 * Acts on that process.
 *
 * @param pidfd - the process.
 * @param queued - `si_signo`: a {@link SIG} value; `si_value`: what goes with it.
 * @throws SyscallError as {@link pidfd_send_signal}, and: EAGAIN: too many signals are queued for the user.
 */
export const pidfd_send_signal_info: Syscall<
  [pidfd: Fd, queued: { readonly si_signo: number; readonly si_value: number }],
  void
> = defineSyscall({
  name: 'pidfd_send_signal',
  man: 'pidfd_send_signal(2)',
  scope: 'process',
  args: [int<Fd>('int pidfd'), signalWithValue, constant('unsigned int flags', 0)],
  result: nothing,
});

/**
 * `pidfd_getfd(pidfd, targetfd, flags)`: gives the caller a descriptor of a file that another process has open, as if
 * that had sent it over a socket. See pidfd_getfd(2).
 *
 * Acts on the calling process, which gets the descriptor; execve closes it.
 *
 * @param pidfd - the other process.
 * @param targetfd - the number of the descriptor there.
 * @param flags - 0: none is defined.
 * @returns the descriptor here.
 * @throws SyscallError EPERM: the caller may not ptrace the process. EBADF: not a pidfd, or no such descriptor there.
 * ESRCH: the process is gone. EMFILE, ENFILE: no more descriptors. ENOSYS: Linux before 5.6.
 */
export const pidfd_getfd: Syscall<[pidfd: Fd, targetfd: Fd, flags: number], Fd> = defineSyscall({
  name: 'pidfd_getfd',
  man: 'pidfd_getfd(2)',
  scope: 'process',
  args: [int<Fd>('int pidfd'), int<Fd>('int targetfd'), int('unsigned int flags')],
  result: number,
});
