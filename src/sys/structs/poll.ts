import { EPOLL, POLL } from '../constants/poll.js';
import { flagNames } from '../flags.js';
import { i16, i32, type Struct, shownAs, struct, u32, u64 } from '../struct.js';

const events = shownAs(i16, (value) => flagNames(POLL, value));

/** `struct pollfd`: a descriptor, what is waited for, and what came: {@link POLL} bits. See poll(2). */
export interface PollFd {
  readonly fd?: number;
  readonly events?: number;
  readonly revents?: number;
}

/** {@link PollFd} in memory. */
export const pollfd: Struct<Required<PollFd>> = struct('pollfd', 'asm/poll.h', { fd: i32, events, revents: events });

/** `struct epoll_event`: {@link EPOLL} bits, and a word that comes back with them. See epoll_ctl(2). */
export interface EpollEvent {
  readonly events: number;
  readonly data: number;
}

/** {@link EpollEvent} in memory on an architecture as Node names it: x86-64 packs it, so that it is as on 32 bits. */
export function epollEventOf(arch: string): Struct<EpollEvent> {
  return struct(
    'epoll_event',
    'linux/eventpoll.h',
    { events: shownAs(u32, (value) => flagNames(EPOLL, value >>> 0)), data: u64 },
    { packed: arch === 'x64' },
  );
}

/** {@link EpollEvent} in memory on this architecture. */
export const epollEvent = epollEventOf(process.arch);
