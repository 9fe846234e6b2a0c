import { flags, int } from '../args.js';
import type { Fd } from '../brands.js';
import { LOCK } from '../constants/lock.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/**
 * `flock(fd, operation)`: takes a lock on an open file, or gives it back. It holds among those who ask for it, and ends with the
 * last descriptor of that open file. See flock(2).
 *
 * Acts on the open file, which copies of the descriptor share. Without `LOCK.NB` it blocks the thread until the lock is free.
 *
 * @param fd - the file.
 * @param operation - {@link LOCK} bits: `SH` for many at a time, `EX` for one, `UN` for none; with `NB` it does not wait.
 * @throws SyscallError EWOULDBLOCK: another has it, with `LOCK.NB`. EBADF: not open. EINTR: a signal came. ENOLCK: no memory.
 */
export const flock: Syscall<[fd: Fd, operation: number], void> = defineSyscall({
  name: 'flock',
  man: 'flock(2)',
  scope: 'process',
  args: [int<Fd>('int fd'), flags('int operation', LOCK)],
  result: nothing,
});
