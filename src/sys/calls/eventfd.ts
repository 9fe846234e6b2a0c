import { flags, int } from '../args.js';
import type { Fd } from '../brands.js';
import { O } from '../constants/file.js';
import { flagNames } from '../flags.js';
import { defineSyscall, number, type Syscall } from '../syscall.js';

/**
 * `eventfd2(initval, flags)`: makes a counter that the kernel, or who writes to it, adds to. It is readable while it is not 0, and a
 * read of 8 bytes gives its value and sets it to 0. See eventfd(2).
 *
 * Acts on the process, which gets the descriptor.
 *
 * @param initval - what it begins with.
 * @param flags - `O_CLOEXEC` and `O_NONBLOCK`, which are EFD_CLOEXEC and EFD_NONBLOCK, or 0.
 * @returns the descriptor.
 * @throws SyscallError EMFILE, ENFILE: no more descriptors. EINVAL: another flag.
 */
export const eventfd2: Syscall<[initval: number, flags: number], Fd> = defineSyscall({
  name: 'eventfd2',
  man: 'eventfd(2)',
  scope: 'process',
  args: [int('unsigned int initval'), flags('int flags', O, (value) => (value === 0 ? '0' : flagNames(O, value)))],
  result: number,
});
