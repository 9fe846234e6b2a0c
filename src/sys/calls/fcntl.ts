import { flags, int, named } from '../args.js';
import type { Fd } from '../brands.js';
import { F, F_SEAL, FD } from '../constants/fcntl.js';
import { O, openFlagNames } from '../constants/file.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

// fcntl() is many calls in one: each command has a descriptor of its own here, with the type of its argument.
const fd = int<Fd>('int fd');
const command = (value: number) => named('int cmd', F, value);
/** What all of them have in common. */
const call = { name: 'fcntl', man: 'fcntl(2)', scope: 'process' } as const;

/**
 * `fcntl(fd, F_DUPFD_CLOEXEC, lowest)`: makes another descriptor of an open file, which execve closes. See fcntl(2).
 *
 * Acts on the process.
 *
 * @param fd - the open file.
 * @param lowest - the new descriptor is the first free one from here on.
 * @returns the new descriptor.
 * @throws SyscallError EBADF: `fd` is not open. EINVAL: `lowest` is negative, or above the limit on descriptors.
 * EMFILE: none is free.
 */
export const fcntl_dupfd_cloexec: Syscall<[fd: Fd, lowest: number], Fd> = defineSyscall({
  ...call,
  args: [fd, command(F.DUPFD_CLOEXEC), int('int arg')],
  result: number,
});

/**
 * `fcntl(fd, F_GETFD)`: the flags of a descriptor, which are not those of the open file behind it. See fcntl(2).
 *
 * Acts on nothing.
 *
 * @param fd - the descriptor.
 * @returns {@link FD} bits: `FD_CLOEXEC`, or 0.
 * @throws SyscallError EBADF: it is not open.
 */
export const fcntl_getfd: Syscall<[fd: Fd], number> = defineSyscall({
  ...call,
  args: [fd, command(F.GETFD)],
  result: number,
});

/**
 * `fcntl(fd, F_SETFD, flags)`: sets the flags of a descriptor: whether execve closes it. See fcntl(2).
 *
 * Acts on the process.
 *
 * @param fd - the descriptor.
 * @param flags - {@link FD} bits; 0 keeps it open in execve.
 * @throws SyscallError EBADF: it is not open.
 */
export const fcntl_setfd: Syscall<[fd: Fd, flags: number], void> = defineSyscall({
  ...call,
  args: [fd, command(F.SETFD), flags('int arg', FD)],
  result: nothing,
});

/**
 * `fcntl(fd, F_GETFL)`: how a file was opened, and the flags of it that can change. See fcntl(2).
 *
 * Acts on nothing.
 *
 * @param fd - the open file.
 * @returns {@link O} bits; `flags & O.ACCMODE` is the access mode. `O_CLOEXEC` is not among them: see
 * {@link fcntl_getfd}.
 * @throws SyscallError EBADF: it is not open.
 */
export const fcntl_getfl: Syscall<[fd: Fd], number> = defineSyscall({
  ...call,
  args: [fd, command(F.GETFL)],
  result: number,
});

/**
 * `fcntl(fd, F_SETFL, flags)`: sets the flags of an open file that can change: `O_APPEND`, `O_DIRECT`, `O_NOATIME`,
 * `O_NONBLOCK`. See fcntl(2).
 *
 * Acts on the open file, so also on those who got it from fork, dup or a socket. A terminal that is made non-blocking
 * is so for the shell, too.
 *
 * @param fd - the open file.
 * @param flags - {@link O} bits; others than those above are ignored.
 * @throws SyscallError EBADF: it is not open. EPERM: `O_APPEND` is cleared of a file that can only grow, or `O_NOATIME`
 * set by somebody else than the owner.
 */
export const fcntl_setfl: Syscall<[fd: Fd, flags: number], void> = defineSyscall({
  ...call,
  args: [fd, command(F.SETFL), flags('int arg', O, openFlagNames)],
  result: nothing,
});

/**
 * `fcntl(fd, F_ADD_SEALS, seals)`: forbids some changes of a memfd, to everybody and for good. See fcntl(2).
 *
 * Acts on the file.
 *
 * @param fd - a memfd that was made with `MFD_ALLOW_SEALING`, open for writing.
 * @param seals - {@link F_SEAL} bits, which are added to those that it has.
 * @throws SyscallError EPERM: it has `F_SEAL_SEAL`, as one without `MFD_ALLOW_SEALING` does from the start; or it is
 * not open for writing. EBUSY: `F_SEAL_WRITE`, while it is mapped for writing. EINVAL: a file that cannot be sealed.
 */
export const fcntl_add_seals: Syscall<[fd: Fd, seals: number], void> = defineSyscall({
  ...call,
  args: [fd, command(F.ADD_SEALS), flags('int arg', F_SEAL)],
  result: nothing,
});

/**
 * `fcntl(fd, F_GET_SEALS)`: which changes of a memfd are forbidden. See fcntl(2).
 *
 * Acts on nothing.
 *
 * @param fd - a memfd.
 * @returns {@link F_SEAL} bits.
 * @throws SyscallError EINVAL: a file that cannot be sealed. EBADF: it is not open.
 */
export const fcntl_get_seals: Syscall<[fd: Fd], number> = defineSyscall({
  ...call,
  args: [fd, command(F.GET_SEALS)],
  result: number,
});
