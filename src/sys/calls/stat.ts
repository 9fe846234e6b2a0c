import { dirfd, flags, outBytes, outStruct, string } from '../args.js';
import type { Fd } from '../brands.js';
import { AT, STATX } from '../constants/file.js';
import { type Statx, statxBuffer } from '../structs/statx.js';
import { defineSyscall, type Syscall } from '../syscall.js';

/**
 * `statx(dirfd, pathname, flags, mask, statxbuf)`: tells what a file is. See statx(2).
 *
 * Acts on nothing.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`; with `AT_EMPTY_PATH` and an empty path, itself.
 * @param pathname - the file.
 * @param flags - {@link AT} bits: `AT_SYMLINK_NOFOLLOW` for a link itself, `AT_EMPTY_PATH`.
 * @param mask - {@link STATX} bits: what is asked for.
 * @returns what the kernel filled in: `stx_mask` says what.
 * @throws SyscallError ENOENT, ENOTDIR: it is not there. EACCES: a directory of the path may not be searched. ELOOP: too many
 * links.
 */
export const statx: Syscall<[dirfd: Fd, pathname: string, flags: number, mask: number], Statx> = defineSyscall({
  name: 'statx',
  man: 'statx(2)',
  scope: 'process',
  args: [
    dirfd(),
    string('const char *pathname'),
    flags('int flags', AT),
    flags('unsigned int mask', STATX),
    outStruct('struct statx *statxbuf', statxBuffer),
  ],
  result: (_returned, found) => found,
});

/**
 * `readlinkat(dirfd, pathname, buf, bufsiz)`: reads where a symbolic link points to. See readlink(2).
 *
 * Acts on nothing.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`; with an empty path, a link that was opened with
 * `O_PATH` and `O_NOFOLLOW`.
 * @param pathname - the link.
 * @param bufsiz - bytes that are read at most; a longer target is cut.
 * @returns the target, without a NUL at its end.
 * @throws SyscallError EINVAL: it is no link; ENOENT the same where `pathname` is empty. ENOENT, ENOTDIR: it is not there.
 * EACCES: a directory of the path may not be searched.
 */
export const readlinkat: Syscall<[dirfd: Fd, pathname: string, bufsiz: number], Buffer> = defineSyscall({
  name: 'readlinkat',
  man: 'readlink(2)',
  scope: 'process',
  args: [dirfd(), string('const char *pathname'), outBytes('char *buf', 'size_t bufsiz')],
  result: (_returned, target) => target,
});
