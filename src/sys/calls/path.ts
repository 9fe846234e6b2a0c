import { dirfd, flags, int, integer, mode, octal, string } from '../args.js';
import type { Fd, Gid, Uid } from '../brands.js';
import { ACCESS, AT, S_IF } from '../constants/file.js';
import { nameOfValue } from '../flags.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/**
 * `mkdirat(dirfd, pathname, mode)`: makes a directory. See mkdir(2).
 *
 * Acts on the file system.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD` for the working directory.
 * @param pathname - the directory to make. The one that it is in has to be there.
 * @param mode - its permissions, before {@link umask} takes some away.
 * @throws SyscallError EEXIST: something has the name already, be it a dangling link. ENOENT, ENOTDIR: where it should
 * be is not there. EACCES: the caller may not write there. EROFS: read-only. EOVERFLOW: the caller's user or group id
 * has no mapping on the file system.
 */
export const mkdirat: Syscall<[dirfd: Fd, pathname: string, mode: number], void> = defineSyscall({
  name: 'mkdirat',
  man: 'mkdir(2)',
  scope: 'process',
  args: [dirfd(), string('const char *pathname'), mode()],
  result: nothing,
});

/**
 * `symlinkat(target, newdirfd, linkpath)`: makes a symbolic link. See symlink(2).
 *
 * Acts on the file system.
 *
 * @param target - where the link points to. It is stored as it is, and need not be there.
 * @param newdirfd - where a relative `linkpath` starts: a directory, or `AT.FDCWD`.
 * @param linkpath - the link to make.
 * @throws SyscallError EEXIST: something has the name already. ENOENT: where it should be is not there, or `target` is
 * empty. EACCES: the caller may not write there. EROFS: read-only. EPERM: the file system has no symbolic links.
 */
export const symlinkat: Syscall<[target: string, newdirfd: Fd, linkpath: string], void> = defineSyscall({
  name: 'symlinkat',
  man: 'symlink(2)',
  scope: 'process',
  args: [string('const char *target'), dirfd('int newdirfd'), string('const char *linkpath')],
  result: nothing,
});

/**
 * `unlinkat(dirfd, pathname, flags)`: removes a name of a file, or with `AT_REMOVEDIR` an empty directory. A file lives
 * on as long as it has another name or is open. See unlink(2).
 *
 * Acts on the file system.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`.
 * @param pathname - what to remove. A link at its end is not followed.
 * @param flags - `AT.REMOVEDIR` or 0.
 * @throws SyscallError ENOENT: it is not there. EISDIR: it is a directory, without `AT_REMOVEDIR`; ENOTDIR: it is none,
 * with it. ENOTEMPTY: the directory has something in it. EBUSY: something is mounted on it, in this mount namespace.
 * EACCES, EPERM: the caller may not write there, or a sticky directory has another owner. EROFS: read-only.
 */
export const unlinkat: Syscall<[dirfd: Fd, pathname: string, flags: number], void> = defineSyscall({
  name: 'unlinkat',
  man: 'unlink(2)',
  scope: 'process',
  args: [dirfd(), string('const char *pathname'), flags('int flags', AT)],
  result: nothing,
});

/** `S_IFCHR|0666`, as strace(1) writes it. */
function typeAndMode(value: number): string {
  const type = value & S_IF.MT;
  const permissions = octal(value - type);
  return type === 0 ? permissions : `${nameOfValue(S_IF, type) ?? octal(type)}|${permissions}`;
}

/** The number of a device as the kernel takes it: `makedev(1, 3)` is that of /dev/null. See makedev(3). */
export function makedev(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

function renderDevice(device: number): string {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return `makedev(0x${major.toString(16)}, 0x${minor.toString(16)})`;
}

/**
 * `mknodat(dirfd, pathname, mode, dev)`: makes a file of any type but a directory or a link: a device, a FIFO, a
 * socket, an empty file. See mknod(2).
 *
 * Acts on the file system.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`.
 * @param pathname - the file to make.
 * @param mode - one {@link S_IF} type, and permissions, before {@link umask} takes some away.
 * @param dev - for a device its number, as {@link makedev} makes it; otherwise 0.
 * @throws SyscallError EPERM: a device, without CAP_MKNOD in the first user namespace, which no process of another one
 * has (only the device 0:0, a whiteout, is free); or a directory was asked for. EEXIST: something has the name already.
 * ENOENT, ENOTDIR, EACCES, EROFS: as {@link mkdirat}. EINVAL: a type that is not known.
 */
export const mknodat: Syscall<[dirfd: Fd, pathname: string, mode: number, dev: number], void> = defineSyscall({
  name: 'mknodat',
  man: 'mknod(2)',
  scope: 'process',
  args: [
    dirfd(),
    string('const char *pathname'),
    flags('mode_t mode', S_IF, typeAndMode),
    integer('dev_t dev', renderDevice),
  ],
  result: nothing,
});

/**
 * `fchmod(fd, mode)`: sets the permissions of an open file. See chmod(2).
 *
 * Acts on the file.
 *
 * @param fd - the file; not one that was opened with `O_PATH`.
 * @param mode - all of its permissions. {@link umask} takes nothing away.
 * @throws SyscallError EPERM: the caller is not the owner, and has no CAP_FOWNER over it. EROFS: read-only. EBADF: not
 * open, or opened with `O_PATH`.
 */
export const fchmod: Syscall<[fd: Fd, mode: number], void> = defineSyscall({
  name: 'fchmod',
  man: 'chmod(2)',
  scope: 'process',
  args: [int<Fd>('int fd'), mode()],
  result: nothing,
});

/**
 * `fchown(fd, owner, group)`: sets the owner and the group of an open file. See chown(2).
 *
 * Acts on the file. The set-user-id and set-group-id bits of a program are cleared.
 *
 * @param fd - the file; not one that was opened with `O_PATH`.
 * @param owner - a user id of the caller's user namespace; -1 leaves it as it is.
 * @param group - a group id of the caller's user namespace; -1 leaves it as it is.
 * @throws SyscallError EPERM: without CAP_CHOWN over the file, unless its owner gives it to a group of its own. EINVAL:
 * an id that has no mapping in this user namespace. EROFS: read-only. EBADF: not open, or opened with `O_PATH`.
 */
export const fchown: Syscall<[fd: Fd, owner: Uid, group: Gid], void> = defineSyscall({
  name: 'fchown',
  man: 'chown(2)',
  scope: 'process',
  args: [int<Fd>('int fd'), int<Uid>('uid_t owner'), int<Gid>('gid_t group')],
  result: nothing,
});

/**
 * `fchownat(dirfd, pathname, owner, group, flags)`: sets the owner and the group of a file. See chown(2).
 *
 * Acts on the file. The set-user-id and set-group-id bits of a program are cleared.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`.
 * @param pathname - the file.
 * @param owner - a user id of the caller's user namespace; -1 leaves it as it is.
 * @param group - a group id of the caller's user namespace; -1 leaves it as it is.
 * @param flags - `AT.SYMLINK_NOFOLLOW` for a link itself, or 0.
 * @throws SyscallError EPERM, EINVAL, EROFS: as {@link fchown}. ENOENT, ENOTDIR: it is not there.
 */
export const fchownat: Syscall<[dirfd: Fd, pathname: string, owner: Uid, group: Gid, flags: number], void> =
  defineSyscall({
    name: 'fchownat',
    man: 'chown(2)',
    scope: 'process',
    args: [
      dirfd(),
      string('const char *pathname'),
      int<Uid>('uid_t owner'),
      int<Gid>('gid_t group'),
      flags('int flags', AT),
    ],
    result: nothing,
  });

/**
 * `faccessat(dirfd, pathname, mode)`: asks whether the *real* user and group of the caller may do something with a
 * file. See access(2).
 *
 * Acts on nothing. The answer may be old when it arrives: where it matters, try instead.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`.
 * @param pathname - the file; a link is followed.
 * @param mode - {@link ACCESS} bits, or `F_OK` (0): is it there?
 * @throws SyscallError EACCES: no. ENOENT, ENOTDIR: it is not there. EROFS: writing, on a read-only file system.
 * ETXTBSY: writing to a program that runs.
 */
export const faccessat: Syscall<[dirfd: Fd, pathname: string, mode: number], void> = defineSyscall({
  name: 'faccessat',
  man: 'access(2)',
  scope: 'process',
  args: [dirfd(), string('const char *pathname'), flags('int mode', ACCESS)],
  result: nothing,
});
