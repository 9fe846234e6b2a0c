import { flagSet } from '../flags.js';

/** Events of poll(2). */
export const POLL = flagSet('POLL', 'asm/poll.h', {
  IN: 0x1,
  PRI: 0x2,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
  NVAL: 0x20,
  RDNORM: 0x40,
  RDBAND: 0x80,
  WRNORM: 0x100,
  WRBAND: 0x200,
  MSG: 0x400,
  RDHUP: 0x2000,
});

/** Events and modes of an entry of an epoll set: epoll_ctl(2). */
export const EPOLL = flagSet('EPOLL', 'linux/eventpoll.h', {
  IN: 0x1,
  PRI: 0x2,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
  RDNORM: 0x40,
  RDBAND: 0x80,
  WRNORM: 0x100,
  WRBAND: 0x200,
  MSG: 0x400,
  RDHUP: 0x2000,
  EXCLUSIVE: 0x10000000,
  WAKEUP: 0x20000000,
  ONESHOT: 0x40000000,
  ET: 0x80000000,
});

/** What epoll_ctl(2) does with an entry. */
export const EPOLL_CTL = flagSet('EPOLL_CTL_', 'linux/eventpoll.h', { ADD: 1, DEL: 2, MOD: 3 });

/** The flag of epoll_create1(2). */
export const EPOLL_CREATE = flagSet('EPOLL_', 'linux/eventpoll.h', { CLOEXEC: 0o2000000 });
