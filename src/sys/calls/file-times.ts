import { array, byteString, dirfd, flags } from '../args.js';
import type { Fd } from '../brands.js';
import { AT } from '../constants/file.js';
import { type Timespec, timespec } from '../structs/time.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/**
 * `utimensat(dirfd, pathname, times, flags)`: sets when a file was last read and written, to the nanosecond, which the
 * functions of `node:fs` do not. See utimensat(2).
 *
 * Acts on the file.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD` for the working directory.
 * @param pathname - the file; bytes where it is no UTF-8.
 * @param times - when it was read, and when it was written: `tv_sec` seconds since 1970, `tv_nsec` nanoseconds.
 * @param flags - `AT.SYMLINK_NOFOLLOW` for a link itself, or 0.
 * @throws SyscallError EPERM: the caller is not the owner, and has no CAP_FOWNER over it; or the file is immutable.
 * EACCES: a directory of the path may not be searched. EINVAL: nanoseconds that are not below a second. ENOENT, ENOTDIR:
 * the file is not there. EROFS: read-only.
 */
export const utimensat: Syscall<
  [dirfd: Fd, pathname: string | Uint8Array, times: readonly [read: Timespec, written: Timespec], flags: number],
  void
> = defineSyscall({
  name: 'utimensat',
  man: 'utimensat(2)',
  scope: 'process',
  args: [
    dirfd(),
    byteString('const char *pathname'),
    array('const struct timespec times[2]', timespec.size, timespec.put, timespec.render),
    flags('int flags', AT),
  ],
  result: nothing,
});
