import { constant, flags, inOut, int, oneOf, pointer } from '../args.js';
import type { Fd } from '../brands.js';
import { EPOLL_CREATE, EPOLL_CTL } from '../constants/poll.js';
import { type EpollEvent, epollEvent } from '../structs/poll.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

/**
 * `epoll_create1(flags)`: makes an epoll: a set of descriptors, to wait for all of them at once. See epoll_create(2).
 *
 * Acts on the process, which gets the descriptor.
 *
 * @param flags - `EPOLL_CREATE.CLOEXEC`, or 0.
 * @returns the descriptor, which is itself readable when one of the set is ready.
 * @throws SyscallError EMFILE, ENFILE: no more descriptors. EINVAL: another flag.
 */
export const epoll_create1: Syscall<[flags: number], Fd> = defineSyscall({
  name: 'epoll_create1',
  man: 'epoll_create(2)',
  scope: 'process',
  args: [flags('int flags', EPOLL_CREATE)],
  result: number,
});

/**
 * `epoll_ctl(epfd, op, fd, event)`: adds a descriptor to the set, changes what is waited for, or removes it. See
 * epoll_ctl(2).
 *
 * Acts on the epoll. An entry is of the open file: it stays until that is closed by all who have it.
 *
 * @param epfd - the epoll.
 * @param op - an {@link EPOLL_CTL} value.
 * @param fd - the descriptor.
 * @param event - `events`: {@link EPOLL} bits; `data`: a number up to 2^53, which {@link epoll_pwait} gives back, such
 * as `fd` itself. `null` to remove.
 * @throws SyscallError EEXIST: it is in the set, when adding. ENOENT: it is not, when changing or removing. EPERM: a
 * file that is always ready, as a regular one is. ENOSPC: the user watches too many. ELOOP, EINVAL: epolls within each
 * other.
 */
export const epoll_ctl: Syscall<[epfd: Fd, op: number, fd: Fd, event: Partial<EpollEvent> | null], void> =
  defineSyscall({
    name: 'epoll_ctl',
    man: 'epoll_ctl(2)',
    scope: 'process',
    args: [
      int<Fd>('int epfd'),
      oneOf('int op', EPOLL_CTL),
      int<Fd>('int fd'),
      pointer('struct epoll_event *event', epollEvent, 'nullable'),
    ],
    result: nothing,
  });

const events = inOut<number, EpollEvent[]>(['struct epoll_event *events', 'int maxevents'], {
  encode: (count, block) => [block.address + block.reserve(Math.max(1, count) * epollEvent.size), count],
  decode: (bytes, offset, _count, returned) =>
    Array.from({ length: returned }, (_, i) => epollEvent.decode(bytes, offset + i * epollEvent.size)),
  render: (count) => `…, ${count}`,
  refuse: (count) => (Number.isInteger(count) && count > 0 ? undefined : 'a number of events is a whole number from 1'),
});

/**
 * `epoll_pwait(epfd, events, maxevents, timeout, NULL, 8)`: waits until descriptors of the set are ready. See
 * epoll_wait(2).
 *
 * Acts on the calling thread, which it blocks: at once, with a timeout of 0, it asks.
 *
 * @param epfd - the epoll.
 * @param maxevents - how many entries are told at most; the others come next time.
 * @param timeout - milliseconds; -1 to wait for ever.
 * @returns for each that is ready, its `events` ({@link EPOLL} bits) and its `data`; empty when the time was over.
 * @throws SyscallError EINTR: a signal came. EINVAL: not an epoll. EBADF: it is not open.
 */
export const epoll_pwait: Syscall<[epfd: Fd, maxevents: number, timeout: number], EpollEvent[]> = defineSyscall({
  name: 'epoll_pwait',
  man: 'epoll_wait(2)',
  scope: 'thread',
  args: [
    int<Fd>('int epfd'),
    events,
    int('int timeout'),
    constant('const sigset_t *sigmask', 0, 'NULL'),
    constant('size_t sigsetsize', 8),
  ],
  result: (_returned, ready) => ready,
});
