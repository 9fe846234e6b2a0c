import { flags, int } from '../args.js';
import type { Fd } from '../brands.js';
import { CLONE } from '../constants/namespace.js';
import { type CloneArgs, cloneArgument } from '../structs/clone-args.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

/** Entering one of these would leave this thread unable to start another one, which Node needs to do. */
const NEVER_IN_NODE = CLONE.NEWPID;
/** The kernel asks that the process has one thread. */
const SINGLE_THREADED = CLONE.NEWUSER | CLONE.THREAD | CLONE.SIGHAND | CLONE.VM;

const manyThreads = 'Node has several threads, and the kernel allows it only to a process with one';
const noMoreThreads = 'afterwards this thread could not start another one (clone gives EINVAL), which Node needs to do';

/**
 * `clone3(cl_args, size)`: starts a process, in new namespaces where the flags ask for them. See clone(2).
 *
 * Acts on the process. It can be a step of a plan only: no JavaScript may run in a forked child, because V8's other
 * threads are not there. Use {@link launch}, or the builder.
 *
 * @param cl_args - what the child shares, the signal of its end, where to leave a pidfd.
 * @returns in the parent, the pid of the child.
 * @throws SyscallError EAGAIN: a limit on processes is reached. EINVAL: a combination of flags that makes no sense.
 * EPERM: a new namespace without CAP_SYS_ADMIN and without CLONE_NEWUSER. ENOSPC: a limit on namespaces
 * (`/proc/sys/user/max_*_namespaces`) is reached. ENOSYS: Linux before 5.3.
 */
export const clone3: Syscall<[cl_args: CloneArgs], number> = defineSyscall({
  name: 'clone3',
  man: 'clone(2)',
  scope: 'process',
  args: [cloneArgument],
  result: number,
  refuse: () => 'no JavaScript may run in a forked child: launch a plan instead',
});

/**
 * `unshare(flags)`: gives the caller namespaces, a file-descriptor table or a working directory of its own. See
 * unshare(2).
 *
 * Acts on the calling thread alone. CLONE_NEWUSER (and CLONE_THREAD, CLONE_SIGHAND, CLONE_VM) needs a process with one
 * thread, which Node never is, and after CLONE_NEWPID the thread could not start another: both are refused.
 *
 * @param flags - {@link CLONE} bits.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN. EINVAL: flags that do not go together. ENOSPC: a limit on namespaces
 * (`/proc/sys/user/max_*_namespaces`) is reached.
 */
export const unshare: Syscall<[flags: number], void> = defineSyscall({
  name: 'unshare',
  man: 'unshare(2)',
  scope: 'thread',
  args: [flags('int flags', CLONE)],
  result: nothing,
  refuse: (bits) => {
    if ((bits & SINGLE_THREADED) !== 0) return manyThreads;
    return (bits & NEVER_IN_NODE) !== 0 ? noMoreThreads : undefined;
  },
});

/**
 * `setns(fd, nstype)`: enters a namespace that an fd refers to, or those of a process that a pidfd refers to. See
 * setns(2).
 *
 * Acts on the calling thread alone. A user or time namespace can be entered only by a process with one thread, and a PID
 * namespace would leave the thread unable to start another: these are refused when they are named in `nstype`.
 *
 * @param fd - a file below `/proc/PID/ns`, or a pidfd (Linux 5.8).
 * @param nstype - {@link CLONE} bits that the namespace has to be one of; 0 for any, with a file of `/proc/PID/ns`.
 * @throws SyscallError EBADF, EINVAL: not such an fd, or another type; a mount namespace while other threads share the
 * working directory (call `unshare(CLONE.FS)` first). EPERM: without CAP_SYS_ADMIN in the namespace. ESRCH: the process
 * of the pidfd is gone.
 */
export const setns: Syscall<[fd: Fd, nstype: number], void> = defineSyscall({
  name: 'setns',
  man: 'setns(2)',
  scope: 'thread',
  args: [int<Fd>('int fd'), flags('int nstype', CLONE)],
  result: nothing,
  refuse: (_fd, nstype) => {
    if ((nstype & (CLONE.NEWUSER | CLONE.NEWTIME)) !== 0) return manyThreads;
    return (nstype & NEVER_IN_NODE) !== 0 ? noMoreThreads : undefined;
  },
});
