import { array, constant, flags, input, int, oneOf, outStruct, pointer } from '../args.js';
import type { Pid, Uid } from '../brands.js';
import { joined } from '../constants/joined.js';
import { __W, P, W } from '../constants/wait.js';
import { type PollFd, pollfd } from '../structs/poll.js';
import { type Rusage, rusage } from '../structs/resource.js';
import { siginfo } from '../structs/siginfo.js';
import { timespec } from '../structs/time.js';
import { defineSyscall, number, type Syscall } from '../syscall.js';

/** What became of a child. */
export interface Waited {
  /** The child; 0 where `WNOHANG` found none to tell of. */
  readonly pid: Pid;
  /** The real user of the child. */
  readonly uid: Uid;
  /** How it changed: a {@link CLD} value. */
  readonly code: number;
  /** Its exit status with `CLD_EXITED`, otherwise the signal. */
  readonly status: number;
  /** What it used, with those of its children that it waited for. */
  readonly usage: Rusage;
}

/**
 * `waitid(idtype, id, infop, options, rusage)`: waits until a child has ended, stopped or gone on. See waitid(2); the
 * last argument is the kernel's, the C library has no such parameter.
 *
 * Acts on the process. It blocks the event loop, unless `WNOHANG` is given. `P_ALL` and `P_PGID` without `WNOWAIT` are
 * refused at once: they could take a child that Node itself waits for, and libuv aborts the process over that.
 *
 * @param idtype - a {@link P} value: what `id` is.
 * @param id - a pid, a process group (0: the caller's), or a pidfd (Linux 5.4).
 * @param options - {@link W} bits, at least one of `WEXITED`, `WSTOPPED` and `WCONTINUED`; `__W.ALL` for children that
 * signal their end by something else than SIGCHLD. With `WNOWAIT` the child stays to be waited for.
 * @returns what became of the child.
 * @throws SyscallError ECHILD: there is no such child, or not any more. EINTR: a signal came. EINVAL: the options make
 * no sense. EAGAIN: a pidfd with `PIDFD_NONBLOCK` whose process still runs. EBADF: not a pidfd.
 */
export const waitid: Syscall<[idtype: number, id: number, options: number], Waited> = defineSyscall({
  name: 'waitid',
  man: 'waitid(2)',
  scope: 'process',
  args: [
    oneOf('idtype_t idtype', P),
    int('id_t id'),
    outStruct('siginfo_t *infop', siginfo),
    flags('int options', joined(W, __W)),
    outStruct('struct rusage *rusage', rusage),
  ],
  result: (_returned, info, usage) => ({
    pid: info.si_pid,
    uid: info.si_uid,
    code: info.si_code,
    status: info.si_status,
    usage,
  }),
  refuse: (idtype, _id, options) =>
    (idtype === P.ALL || idtype === P.PGID) && (options & W.NOWAIT) === 0
      ? 'it could take a child that Node itself waits for, and libuv aborts the process then: wait for one pid or pidfd'
      : undefined,
});

const pollfds = array('struct pollfd *fds', pollfd.size, pollfd.put, pollfd.render);

/**
 * `ppoll(fds, nfds, timeout, NULL, 8)`: waits until one of several descriptors is ready. See poll(2).
 *
 * Acts on the calling thread, which it blocks: at once, with a timeout of zero, it asks. In a plan, a child waits with
 * it for its parent, or asks whether a pidfd has ended.
 *
 * @param fds - the descriptors, each with the {@link POLL} events that are waited for; `POLLERR`, `POLLHUP` and
 * `POLLNVAL` always are. A negative one is passed over.
 * @param timeout - `tv_sec` seconds and `tv_nsec` nanoseconds; `null` to wait for ever.
 * @returns how many are ready; 0 when the time was over. With one descriptor that says it all; for what several are
 * ready for, use epoll.
 * @throws SyscallError EINTR: a signal came. EINVAL: more descriptors than the limit allows, or a negative time.
 */
export const ppoll: Syscall<
  [fds: readonly PollFd[], timeout: { readonly tv_sec?: number; readonly tv_nsec?: number } | null],
  number
> = defineSyscall({
  name: 'ppoll',
  man: 'poll(2)',
  scope: 'thread',
  args: [
    input<readonly PollFd[]>([...pollfds.c, 'nfds_t nfds'], {
      encode: (fds, block) => [pollfds.encode(fds, block) as number, fds.length],
      render: (fds) => `${pollfds.render(fds)}, ${fds.length}`,
    }),
    pointer('struct timespec *tmo_p', timespec, 'nullable'),
    constant('const sigset_t *sigmask', 0, 'NULL'),
    constant('size_t sigsetsize', 8),
  ],
  result: number,
});
