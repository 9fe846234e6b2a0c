import { byteString, bytes, flags, outBytes } from '../args.js';
import { XATTR } from '../constants/xattr.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

const path = byteString('const char *path');
const name = byteString('const char *name');

/**
 * `lgetxattr(path, name, value, size)`: reads an extended attribute of a file; of a link itself, where the path ends with
 * one. See getxattr(2).
 *
 * Acts on nothing.
 *
 * @param path - the file; bytes where it is no UTF-8.
 * @param name - the attribute with what it belongs to, as `user.comment`.
 * @param size - bytes that the value has at most. The kernel's own limit is 65536.
 * @returns the value.
 * @throws SyscallError ENODATA: the file has no such attribute, or the caller may not know: `trusted.` is for
 * CAP_SYS_ADMIN in the first user namespace. ERANGE: the value is longer than `size`. EOPNOTSUPP: the file system has no
 * attributes of this kind. EACCES: a `user.` attribute of a file that the caller may not read; or a directory of the path
 * may not be searched. ENOENT, ENOTDIR: the file is not there.
 */
export const lgetxattr: Syscall<[path: string | Uint8Array, name: string | Uint8Array, size: number], Buffer> =
  defineSyscall({
    name: 'lgetxattr',
    man: 'getxattr(2)',
    scope: 'process',
    args: [path, name, outBytes('void *value', 'size_t size')],
    result: (_returned, value) => value,
  });

/**
 * `llistxattr(path, list, size)`: tells which extended attributes a file has; a link itself, where the path ends with
 * one. See listxattr(2).
 *
 * Acts on nothing.
 *
 * @param path - the file; bytes where it is no UTF-8.
 * @param size - bytes that the names have at most, each with a NUL at its end. The kernel's own limit is 65536.
 * @returns the names, in no order. Those of `trusted.` are only there for CAP_SYS_ADMIN in the first user namespace.
 * @throws SyscallError ERANGE: the names need more than `size`. E2BIG: they need more than the kernel's own limit.
 * EOPNOTSUPP: the file system has no attributes. EACCES: a directory of the path may not be searched. ENOENT, ENOTDIR:
 * the file is not there.
 */
export const llistxattr: Syscall<[path: string | Uint8Array, size: number], Buffer[]> = defineSyscall({
  name: 'llistxattr',
  man: 'listxattr(2)',
  scope: 'process',
  args: [path, outBytes('char *list', 'size_t size')],
  result: (_returned, list) => namesIn(list),
});

/** What stands before each NUL. */
function namesIn(list: Buffer): Buffer[] {
  const names: Buffer[] = [];
  for (let start = 0; start < list.length; ) {
    const end = list.indexOf(0, start);
    names.push(list.subarray(start, end));
    start = end + 1;
  }
  return names;
}

/**
 * `lsetxattr(path, name, value, size, flags)`: gives a file an extended attribute, or gives the attribute another value;
 * a link itself, where the path ends with one. See setxattr(2).
 *
 * Acts on the file.
 *
 * @param path - the file; bytes where it is no UTF-8.
 * @param name - the attribute with what it belongs to, as `user.comment`; 255 bytes at most.
 * @param value - its value; a string is stored as UTF-8, and may have a NUL inside. 65536 bytes at most.
 * @param flags - {@link XATTR} bits; 0 makes the attribute where it is not there yet.
 * @throws SyscallError EEXIST: it is there, with `XATTR_CREATE`. ENODATA: it is not, with `XATTR_REPLACE`. EACCES: a
 * `user.` attribute of a file that the caller may not write. EPERM: a `user.` attribute of a link, a FIFO, a socket or a
 * device, which have none; a `trusted.` one without CAP_SYS_ADMIN in the first user namespace; an immutable file.
 * EOPNOTSUPP: the file system has no attributes of this kind. ENOSPC, EDQUOT: there is no room for it. E2BIG, ERANGE: the
 * value or the name is too long. EROFS: read-only. ENOENT, ENOTDIR: the file is not there.
 */
export const lsetxattr: Syscall<
  [path: string | Uint8Array, name: string | Uint8Array, value: string | Uint8Array, flags: number],
  void
> = defineSyscall({
  name: 'lsetxattr',
  man: 'setxattr(2)',
  scope: 'process',
  args: [path, name, bytes('const void *value', 'size_t size'), flags('int flags', XATTR)],
  result: nothing,
});

/**
 * `lremovexattr(path, name)`: takes an extended attribute from a file; from a link itself, where the path ends with one.
 * See removexattr(2).
 *
 * Acts on the file.
 *
 * @param path - the file; bytes where it is no UTF-8.
 * @param name - the attribute with what it belongs to, as `user.comment`.
 * @throws SyscallError ENODATA: the file has no such attribute. EACCES, EPERM, EOPNOTSUPP, EROFS, ENOENT, ENOTDIR: as
 * {@link lsetxattr}.
 */
export const lremovexattr: Syscall<[path: string | Uint8Array, name: string | Uint8Array], void> = defineSyscall({
  name: 'lremovexattr',
  man: 'removexattr(2)',
  scope: 'process',
  args: [path, name],
  result: nothing,
});
