import { int, mode, string } from '../args.js';
import type { Fd } from '../brands.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

/**
 * `chdir(path)`: sets the working directory, where relative paths start. See chdir(2).
 *
 * Acts on the process: its threads share it, unless one of them called `unshare(CLONE.FS)`. Node remembers what
 * `process.cwd()` said, so that it would not notice: at once, call `process.chdir()`.
 *
 * @param path - a directory.
 * @throws SyscallError ENOENT, ENOTDIR: it is not there, or no directory. EACCES: the caller may not search it.
 */
export const chdir: Syscall<[path: string], void> = defineSyscall({
  name: 'chdir',
  man: 'chdir(2)',
  scope: 'process',
  args: [string('const char *path')],
  result: nothing,
});

/**
 * `fchdir(fd)`: sets the working directory to one that is open. See chdir(2).
 *
 * Acts on the process, as {@link chdir} does.
 *
 * @param fd - a directory; one that was opened with `O_PATH` will do.
 * @throws SyscallError ENOTDIR: it is none. EACCES: the caller may not search it. EBADF: not open.
 */
export const fchdir: Syscall<[fd: Fd], void> = defineSyscall({
  name: 'fchdir',
  man: 'chdir(2)',
  scope: 'process',
  args: [int<Fd>('int fd')],
  result: nothing,
});

/**
 * `chroot(path)`: sets what `/` is. See chroot(2).
 *
 * Acts on the process: its threads share it, unless one of them called `unshare(CLONE.FS)`. The working directory stays
 * where it is, outside perhaps, and what is open stays open: a process with CAP_SYS_CHROOT walks out of it. To confine
 * one take {@link pivot_root} in a mount namespace.
 *
 * @param path - a directory.
 * @throws SyscallError EPERM: without CAP_SYS_CHROOT in the caller's user namespace. ENOENT, ENOTDIR: it is not there,
 * or no directory. EACCES: the caller may not search it.
 */
export const chroot: Syscall<[path: string], void> = defineSyscall({
  name: 'chroot',
  man: 'chroot(2)',
  scope: 'process',
  args: [string('const char *path')],
  result: nothing,
});

/**
 * `umask(mask)`: sets which permissions new files do not get. See umask(2).
 *
 * Acts on the process, and on what it starts.
 *
 * @param mask - permissions; only the nine bits of them are looked at.
 * @returns the mask that was set before. The call never fails.
 */
export const umask: Syscall<[mask: number], number> = defineSyscall({
  name: 'umask',
  man: 'umask(2)',
  scope: 'process',
  args: [mode('mode_t mask')],
  result: number,
});
