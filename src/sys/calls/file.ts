import { bytes, dirfd, flags, int, mode, oneOf, outBytes, outFds, sized, string } from '../args.js';
import type { Fd } from '../brands.js';
import { CLOSE_RANGE, MFD, O, openFlagNames, SEEK } from '../constants/file.js';
import { flagNames } from '../flags.js';
import { type OpenHow, openHow } from '../structs/open-how.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

export { faccessat, fchmod, fchown, mkdirat, mknodat, symlinkat, unlinkat } from './path.js';
export { chdir, chroot, fchdir, umask } from './working-directory.js';

/** Where 0 is no flag at all, and not O_RDONLY. */
const noneIsZero = (value: number) => (value === 0 ? '0' : flagNames(O, value));

/**
 * `openat(dirfd, pathname, flags, mode)`: opens a file, and makes it first where `O_CREAT` asks for that. See open(2).
 *
 * Acts on the process: the descriptor is one of all its threads. Give `O_CLOEXEC`, or every program that Node starts
 * inherits it.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD` for the working directory.
 * @param pathname - the file.
 * @param flags - {@link O} bits, of which `O_RDONLY` is zero.
 * @param mode - the permissions of a new file, before {@link umask} takes some away; without `O_CREAT` or `O_TMPFILE`
 * it is not looked at.
 * @returns the lowest descriptor that was free.
 * @throws SyscallError ENOENT, ENOTDIR: a part of the path is not there, or no directory. EACCES: a permission is
 * missing, on the file or on the way to it. EEXIST: it is there, with `O_CREAT` and `O_EXCL`. ELOOP: too many symbolic
 * links, or one at the end with `O_NOFOLLOW`. EISDIR: a directory is not written to. EROFS: the file system is
 * read-only. EMFILE, ENFILE: no more descriptors. ENXIO: a FIFO without a reader, with `O_NONBLOCK`.
 */
export const openat: Syscall<[dirfd: Fd, pathname: string, flags: number, mode: number], Fd> = defineSyscall({
  name: 'openat',
  man: 'open(2)',
  scope: 'process',
  args: [dirfd(), string('const char *pathname'), flags('int flags', O, openFlagNames), mode()],
  result: number,
});

/**
 * `openat2(dirfd, pathname, how, size)`: opens a file as {@link openat} does, with limits on where its path may lead.
 * See openat2(2).
 *
 * Acts on the process. With `RESOLVE_IN_ROOT` or `RESOLVE_BENEATH` the kernel holds to the limit while it walks, so
 * that nobody who renames or links directories meanwhile leads it out of them. No check beforehand could do that.
 *
 * @param dirfd - where the path starts, and with `RESOLVE_IN_ROOT` what `/` is.
 * @param pathname - the file.
 * @param how - `flags`: {@link O} bits; `mode`: has to be 0 when nothing is made; `resolve`: {@link RESOLVE} bits.
 * @returns the lowest descriptor that was free.
 * @throws SyscallError as {@link openat}, and: EXDEV: the path leads out of where it has to stay. ELOOP: it has a link
 * of a kind that is forbidden. EAGAIN: a rename during the walk leaves it uncertain whether `..` led out: try again; or
 * the answer is not cached, with `RESOLVE_CACHED`. EINVAL: unknown flags, which openat ignores. ENOSYS: Linux before
 * 5.6.
 */
export const openat2: Syscall<[dirfd: Fd, pathname: string, how: OpenHow], Fd> = defineSyscall({
  name: 'openat2',
  man: 'openat2(2)',
  scope: 'process',
  args: [dirfd(), string('const char *pathname'), sized('struct open_how *how', openHow, 'size_t size')],
  result: number,
});

/**
 * `close(fd)`: gives up a file descriptor. See close(2).
 *
 * Acts on the process. Closing one that Node uses for itself breaks Node, at once or when the number is used again:
 * close only what was opened by a call of your own.
 *
 * @param fd - the descriptor. It is free afterwards even if the call fails, so never close it again.
 * @throws SyscallError EBADF: it is not open. EIO, ENOSPC, EDQUOT: what was written earlier could not be stored.
 */
export const close: Syscall<[fd: Fd], void> = defineSyscall({
  name: 'close',
  man: 'close(2)',
  scope: 'process',
  args: [int<Fd>('int fd')],
  result: nothing,
});

/** Beyond every descriptor that there can be. */
const openEnd = 0x7fff_ffff;

/**
 * `close_range(first, last, flags)`: closes all descriptors from `first` to `last`, or marks them to be closed by
 * execve. See close_range(2).
 *
 * Acts on the process. Refused at once in Node: an open end without `CLOSE_RANGE_CLOEXEC`, which would close the event
 * loop's own descriptors; and `CLOSE_RANGE_UNSHARE`, after which Node's other threads would open files that this one
 * does not have.
 *
 * @param first - the lowest descriptor.
 * @param last - the highest descriptor, itself included; `0xffffffff` for all above `first`.
 * @param flags - {@link CLOSE_RANGE} bits.
 * @throws SyscallError EINVAL: `first` is above `last`, or a flag is not known: `CLOSE_RANGE_CLOEXEC` before Linux
 * 5.11. ENOSYS: Linux before 5.9.
 */
export const close_range: Syscall<[first: number, last: number, flags: number], void> = defineSyscall({
  name: 'close_range',
  man: 'close_range(2)',
  scope: 'process',
  args: [int('unsigned int first'), int('unsigned int last'), flags('int flags', CLOSE_RANGE)],
  result: nothing,
  refuse: (_first, last, bits) => {
    if ((bits & CLOSE_RANGE.UNSHARE) !== 0) return 'the other threads of Node would not share the descriptors any more';
    const closes = (bits & CLOSE_RANGE.CLOEXEC) === 0;
    return closes && last >>> 0 >= openEnd ? "it would close the descriptors of Node's own event loop" : undefined;
  },
});

/**
 * `read(fd, buf, count)`: reads at most `count` bytes. See read(2).
 *
 * Acts on the process, whose threads share the position in the file. It blocks the event loop until there is something
 * to read, unless the file is non-blocking.
 *
 * @param fd - what to read from.
 * @param count - bytes, at most.
 * @returns what was read: fewer bytes than asked for are no error, and none at all are the end of the file.
 * @throws SyscallError EAGAIN: nothing is there yet, and the file is non-blocking. EBADF: not open, or not for reading.
 * EINTR: a signal came before anything did. EISDIR: it is a directory. EIO: the device failed, or a process in the
 * background reads from its terminal.
 */
export const read: Syscall<[fd: Fd, count: number], Buffer> = defineSyscall({
  name: 'read',
  man: 'read(2)',
  scope: 'process',
  args: [int<Fd>('int fd'), outBytes('void *buf', 'size_t count')],
  result: (_returned, data) => data,
});

/**
 * `write(fd, buf, count)`: writes bytes. See write(2).
 *
 * Acts on the process, whose threads share the position in the file. It blocks the event loop while there is no room,
 * unless the file is non-blocking.
 *
 * @param fd - what to write to.
 * @param data - the bytes; a string is written as UTF-8, and may have a NUL inside.
 * @returns how many bytes were written, which may be fewer. Files of `/proc` such as `uid_map` take all or nothing.
 * @throws SyscallError EAGAIN: there is no room now, and the file is non-blocking. EBADF: not open, or not for writing.
 * EPIPE: nobody will read it (Node ignores the SIGPIPE that comes with it). ENOSPC, EDQUOT: the disk, or what one may
 * use of it, is full. EINVAL, EPERM: what a file of `/proc` or of a cgroup does not take.
 */
export const write: Syscall<[fd: Fd, data: string | Uint8Array], number> = defineSyscall({
  name: 'write',
  man: 'write(2)',
  scope: 'process',
  args: [int<Fd>('int fd'), bytes('const void *buf', 'size_t count')],
  result: number,
});

/**
 * `lseek(fd, offset, whence)`: moves the position in a file, and says where it is then: so also where the file has data,
 * and where holes, which take no room and read as zeros. See lseek(2).
 *
 * Acts on the process, whose threads share the position in the file.
 *
 * @param fd - the file.
 * @param offset - bytes: from where `whence` says, or where to look from.
 * @param whence - a {@link SEEK} value. `SEEK_DATA` and `SEEK_HOLE` look for what is next, at `offset` or after it; a
 * file ends in a hole. A file system that knows no holes takes all of a file for data.
 * @returns the new position from the start of the file, exact up to 2^53.
 * @throws SyscallError EINVAL: another `whence`, which `SEEK_DATA` is for some special files; or it would be before the
 * start. ENXIO: `offset` is beyond the end, or nothing but a hole comes after it, with `SEEK_DATA`. ESPIPE: a pipe or a
 * socket has no position. EOVERFLOW: it would be more than a position can be. EBADF: not open.
 */
export const lseek: Syscall<[fd: Fd, offset: number, whence: number], number> = defineSyscall({
  name: 'lseek',
  man: 'lseek(2)',
  scope: 'process',
  args: [int<Fd>('int fd'), int('off_t offset'), oneOf('int whence', SEEK)],
  result: number,
});

/**
 * `dup3(oldfd, newfd, flags)`: makes `newfd` refer to the same open file as `oldfd`; what it referred to before is
 * closed, without a gap between. See dup(2).
 *
 * Acts on the process.
 *
 * @param oldfd - the open file.
 * @param newfd - the number that it gets as well.
 * @param flags - `O_CLOEXEC`, or 0, with which the new one stays open in execve.
 * @returns `newfd`.
 * @throws SyscallError EBADF: `oldfd` is not open, or `newfd` is above the limit on descriptors. EINVAL: both are the
 * same, or another flag. EBUSY: another thread is opening `newfd` at this moment.
 */
export const dup3: Syscall<[oldfd: Fd, newfd: Fd, flags: number], Fd> = defineSyscall({
  name: 'dup3',
  man: 'dup(2)',
  scope: 'process',
  args: [int<Fd>('int oldfd'), int<Fd>('int newfd'), flags('int flags', O, noneIsZero)],
  result: number,
});

/**
 * `pipe2(pipefd, flags)`: makes a pipe. See pipe(2).
 *
 * Acts on the process.
 *
 * @param flags - `O_CLOEXEC`, `O_NONBLOCK`, `O_DIRECT` (each write is a packet), or 0.
 * @returns the end to read from, and the end to write to.
 * @throws SyscallError EMFILE, ENFILE: no more descriptors; also when this user has too many pages in pipes. EINVAL:
 * another flag.
 */
export const pipe2: Syscall<[flags: number], [read: Fd, write: Fd]> = defineSyscall({
  name: 'pipe2',
  man: 'pipe(2)',
  scope: 'process',
  args: [outFds('int pipefd[2]'), flags('int flags', O, noneIsZero)],
  result: (_returned, ends) => ends,
});

/**
 * `memfd_create(name, flags)`: makes an empty file that has no name in any directory and is gone with its last
 * descriptor. See memfd_create(2).
 *
 * Acts on the process.
 *
 * @param name - what `/proc/PID/fd` shows behind `memfd:`; 249 bytes at most. It need not be unique.
 * @param flags - {@link MFD} bits. `MFD_ALLOW_SEALING` is what makes {@link fcntl_add_seals} possible.
 * @returns a descriptor that is open for reading and writing.
 * @throws SyscallError EINVAL: the name is too long, or a flag is not known (`MFD_EXEC`, `MFD_NOEXEC_SEAL`: before
 * Linux 6.3). EACCES: the sysctl `vm.memfd_noexec` wants `MFD_NOEXEC_SEAL`. EMFILE, ENFILE: no more descriptors.
 */
export const memfd_create: Syscall<[name: string, flags: number], Fd> = defineSyscall({
  name: 'memfd_create',
  man: 'memfd_create(2)',
  scope: 'process',
  args: [string('const char *name'), flags('unsigned int flags', MFD)],
  result: number,
});
