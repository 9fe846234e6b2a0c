import { flagSet } from '../flags.js';

/** The commands of fcntl(2) that have a descriptor here. */
export const F = flagSet('F_', 'linux/fcntl.h', {
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  DUPFD_CLOEXEC: 1030,
  ADD_SEALS: 1033,
  GET_SEALS: 1034,
});

/** The flags of a file descriptor, as against those of the open file behind it. */
export const FD = flagSet('FD_', 'linux/fcntl.h', { CLOEXEC: 1 });

/** What may not be done any more to a memfd: fcntl(2). */
export const F_SEAL = flagSet('F_SEAL_', 'linux/fcntl.h', {
  SEAL: 0x01,
  SHRINK: 0x02,
  GROW: 0x04,
  WRITE: 0x08,
  FUTURE_WRITE: 0x10,
  EXEC: 0x20,
});
