import { int, oneOf } from '../args.js';
import type { Pid } from '../brands.js';
import { SIG } from '../constants/signal.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

export { execve, execveat, exit_group } from './exec.js';
export { keyctl } from './key.js';
export { pidfd_getfd, pidfd_open, pidfd_send_signal } from './pidfd.js';
export { prctl } from './prctl.js';
export { prlimit64, sched_setaffinity } from './resource.js';
export { ppoll, waitid } from './wait.js';

/**
 * `getpid()`: the id of the calling process, as its own PID namespace sees it. See getpid(2).
 *
 * Acts on nothing.
 *
 * @returns the id. The call never fails.
 */
export const getpid: Syscall<[], Pid> = defineSyscall({
  name: 'getpid',
  man: 'getpid(2)',
  scope: 'process',
  args: [],
  result: number,
});

/**
 * `getppid()`: the id of the parent of the calling process. See getpid(2).
 *
 * Acts on nothing.
 *
 * @returns the id; 0 where the parent is outside of the caller's PID namespace. A parent that has ended is replaced by
 * one that reaps for it. The call never fails.
 */
export const getppid: Syscall<[], Pid> = defineSyscall({
  name: 'getppid',
  man: 'getpid(2)',
  scope: 'process',
  args: [],
  result: number,
});

/**
 * `gettid()`: the id of the calling thread; that of the main thread is the id of the process. See gettid(2).
 *
 * Acts on nothing.
 *
 * @returns the id. The call never fails.
 */
export const gettid: Syscall<[], Pid> = defineSyscall({
  name: 'gettid',
  man: 'gettid(2)',
  scope: 'thread',
  args: [],
  result: number,
});

/**
 * `getpgid(pid)`: the process group that a process is in. See setpgid(2).
 *
 * Acts on nothing.
 *
 * @param pid - the process; 0 for the caller.
 * @returns the id of the group; 0 where its leader is outside of the caller's PID namespace.
 * @throws SyscallError ESRCH: there is no such process.
 */
export const getpgid: Syscall<[pid: Pid], Pid> = defineSyscall({
  name: 'getpgid',
  man: 'setpgid(2)',
  scope: 'process',
  args: [int<Pid>('pid_t pid')],
  result: number,
});

/**
 * `getsid(pid)`: the session that a process is in. See getsid(2).
 *
 * Acts on nothing.
 *
 * @param pid - the process; 0 for the caller.
 * @returns the id of the session; 0 where its leader is outside of the caller's PID namespace.
 * @throws SyscallError ESRCH: there is no such process.
 */
export const getsid: Syscall<[pid: Pid], Pid> = defineSyscall({
  name: 'getsid',
  man: 'getsid(2)',
  scope: 'process',
  args: [int<Pid>('pid_t pid')],
  result: number,
});

/**
 * `setsid()`: starts a session and a process group in it, of which the caller is the only member so far. See setsid(2).
 *
 * Acts on the process. It has no controlling terminal afterwards: Ctrl-C and a hang-up do not reach it any more.
 *
 * @returns the id of the session, which is that of the process.
 * @throws SyscallError EPERM: the process leads a process group already, as one does that a shell started.
 */
export const setsid: Syscall<[], Pid> = defineSyscall({
  name: 'setsid',
  man: 'setsid(2)',
  scope: 'process',
  args: [],
  result: number,
});

/**
 * `kill(pid, sig)`: sends a signal to a process, or to several. See kill(2).
 *
 * Acts on the receivers. A pid may have come to mean another process: {@link pidfd_send_signal} cannot miss.
 *
 * @param pid - a process; 0: all of the caller's process group; -1: all that the caller may send to, except itself and
 * PID 1; less: all of the process group `-pid`.
 * @param sig - a {@link SIG} value; 0 sends nothing, and asks whether it could.
 * @throws SyscallError ESRCH: there is no such process or group. EPERM: another user's, without CAP_KILL over any of
 * them. EINVAL: no such signal.
 */
export const kill: Syscall<[pid: Pid, sig: number], void> = defineSyscall({
  name: 'kill',
  man: 'kill(2)',
  scope: 'process',
  args: [int<Pid>('pid_t pid'), oneOf('int sig', SIG)],
  result: nothing,
});
