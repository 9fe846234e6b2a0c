import { constant, dirfd, flags, int, named, sized, string } from '../args.js';
import type { Fd } from '../brands.js';
import { AT } from '../constants/file.js';
import { joined } from '../constants/joined.js';
import { FSCONFIG, FSMOUNT, FSOPEN, FSPICK, MOUNT_ATTR, MOVE_MOUNT, OPEN_TREE } from '../constants/mount.js';
import { type MountAttr, mountAttr, mountAttrNames } from '../structs/mount-attr.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

/**
 * `open_tree(dirfd, pathname, flags)`: opens a mount, or with `OPEN_TREE_CLONE` a copy of it that is attached nowhere.
 * See open_tree(2).
 *
 * Acts on the process, which gets the descriptor. A copy that is not attached by {@link move_mount} ends with it.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`; with `AT_EMPTY_PATH` and an empty path,
 * itself.
 * @param pathname - the mount, or a directory or file below it, to copy that part only.
 * @param flags - {@link OPEN_TREE} and {@link AT} bits: `AT_RECURSIVE` copies what is mounted below as well,
 * `AT_SYMLINK_NOFOLLOW` and `AT_NO_AUTOMOUNT` are about the path.
 * @returns the descriptor.
 * @throws SyscallError EPERM: a copy, without CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
 * EINVAL: a mount of another mount namespace, an unbindable one, or one with locked mounts below that is not copied
 * with them. ENOENT: the path is not there. ENOSYS: Linux before 5.2.
 */
export const open_tree: Syscall<[dirfd: Fd, pathname: string, flags: number], Fd> = defineSyscall({
  name: 'open_tree',
  man: 'open_tree(2)',
  scope: 'thread',
  args: [dirfd(), string('const char *pathname'), flags('unsigned int flags', joined(OPEN_TREE, AT))],
  result: number,
});

/**
 * `move_mount(from_dirfd, from_pathname, to_dirfd, to_pathname, flags)`: moves a mount elsewhere, or attaches one that
 * is attached nowhere. See move_mount(2).
 *
 * Acts on the mount namespace of the calling thread, and on those that the target's events propagate to.
 *
 * @param from_dirfd - where `from_pathname` starts; with `MOVE_MOUNT.F_EMPTY_PATH` and an empty path the mount itself,
 * as {@link open_tree} and {@link fsmount} give it.
 * @param from_pathname - the mount.
 * @param to_dirfd - where `to_pathname` starts; with `MOVE_MOUNT.T_EMPTY_PATH` and an empty path the target itself.
 * @param to_pathname - where to attach it.
 * @param flags - {@link MOVE_MOUNT} bits. Links at the end of the paths are followed only where they say so.
 * @throws SyscallError EINVAL: it is no mount point, or locked, or its parent is shared. ENOTDIR: a directory on a
 * file, or a file on a directory. ELOOP: onto itself. EPERM: without CAP_SYS_ADMIN in the user namespace that owns the
 * mount namespace. ENOENT: a path is not there. ENOSYS: Linux before 5.2.
 */
export const move_mount: Syscall<
  [from_dirfd: Fd, from_pathname: string, to_dirfd: Fd, to_pathname: string, flags: number],
  void
> = defineSyscall({
  name: 'move_mount',
  man: 'move_mount(2)',
  scope: 'thread',
  args: [
    dirfd('int from_dirfd'),
    string('const char *from_pathname'),
    dirfd('int to_dirfd'),
    string('const char *to_pathname'),
    flags('unsigned int flags', MOVE_MOUNT),
  ],
  result: nothing,
});

/**
 * `fsopen(fsname, flags)`: begins the making of a file system: {@link fsconfig_set_string} and its relatives configure
 * it, {@link fsconfig_cmd_create} makes it, {@link fsmount} makes a mount of it. See fsopen(2).
 *
 * Acts on the process, which gets the descriptor. What goes wrong can be read from it as text.
 *
 * @param fsname - a name from `/proc/filesystems`.
 * @param flags - `FSOPEN.CLOEXEC`, or 0.
 * @returns the descriptor.
 * @throws SyscallError ENODEV: no such file system. EPERM: without CAP_SYS_ADMIN in the user namespace that owns the
 * mount namespace. ENOSYS: Linux before 5.2.
 */
export const fsopen: Syscall<[fsname: string, flags: number], Fd> = defineSyscall({
  name: 'fsopen',
  man: 'fsopen(2)',
  scope: 'thread',
  args: [string('const char *fsname'), flags('unsigned int flags', FSOPEN)],
  result: number,
});

const fd = int<Fd>('int fd');
const command = (value: number) => named('unsigned int cmd', FSCONFIG, value);
const key = string('const char *key');
const noKey = constant('const char *key', 0, 'NULL');
const noValue = constant('const void *value', 0, 'NULL');
const noAux = constant('int aux', 0);
/** What all of them have in common. */
const fsconfig = { name: 'fsconfig', man: 'fsconfig(2)', scope: 'thread', result: nothing } as const;

/**
 * `fsconfig(fd, FSCONFIG_SET_FLAG, key, NULL, 0)`: sets an option that has no value, as `ro`. See fsconfig(2).
 *
 * Acts on the file system that is being configured.
 *
 * @param fd - from {@link fsopen} or {@link fspick}.
 * @param key - the option.
 * @throws SyscallError EINVAL: the file system does not know it, or wants a value: read `fd` to learn more. EBUSY: it
 * is made already.
 */
export const fsconfig_set_flag: Syscall<[fd: Fd, key: string], void> = defineSyscall({
  ...fsconfig,
  args: [fd, command(FSCONFIG.SET_FLAG), key, noValue, noAux],
});

/**
 * `fsconfig(fd, FSCONFIG_SET_STRING, key, value, 0)`: sets an option to a string, as `source` or `size`. See
 * fsconfig(2).
 *
 * Acts on the file system that is being configured.
 *
 * @param fd - from {@link fsopen} or {@link fspick}.
 * @param key - the option.
 * @param value - what to set it to, 255 bytes at most.
 * @throws SyscallError EINVAL: the file system does not know it, or not such a value: read `fd` to learn more. EBUSY:
 * it is made already.
 */
export const fsconfig_set_string: Syscall<[fd: Fd, key: string, value: string], void> = defineSyscall({
  ...fsconfig,
  args: [fd, command(FSCONFIG.SET_STRING), key, string('const void *value'), noAux],
});

/**
 * `fsconfig(fd, FSCONFIG_SET_FD, key, NULL, aux)`: sets an option to an open file. See fsconfig(2).
 *
 * Acts on the file system that is being configured.
 *
 * @param fd - from {@link fsopen} or {@link fspick}.
 * @param key - the option.
 * @param value - the open file.
 * @throws SyscallError EINVAL: the file system does not know it, or it does not take a file (overlay's `lowerdir+`:
 * before Linux 6.13). EBADF: `value` is not open. EBUSY: it is made already.
 */
export const fsconfig_set_fd: Syscall<[fd: Fd, key: string, value: Fd], void> = defineSyscall({
  ...fsconfig,
  args: [fd, command(FSCONFIG.SET_FD), key, noValue, int<Fd>('int aux')],
});

/**
 * `fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0)`: makes the file system, or finds it where there is one already for
 * the same source. See fsconfig(2).
 *
 * Acts on the file system that is being configured. {@link fsmount} may follow.
 *
 * @param fd - from {@link fsopen}.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN in the user namespace; a fresh proc without a PID namespace of the
 * same owner. EINVAL: options that do not go together, or a bad superblock. EBUSY: it is made already, or its device is
 * in use.
 */
export const fsconfig_cmd_create: Syscall<[fd: Fd], void> = defineSyscall({
  ...fsconfig,
  args: [fd, command(FSCONFIG.CMD_CREATE), noKey, noValue, noAux],
});

/**
 * `fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)`: changes a file system to the options that were set. See
 * fsconfig(2).
 *
 * Acts on the file system, so on all of its mounts, wherever they are.
 *
 * @param fd - from {@link fspick}.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN in the user namespace that owns the file system. EINVAL: an option
 * that cannot change. EBUSY: read-only, while it is written to.
 */
export const fsconfig_cmd_reconfigure: Syscall<[fd: Fd], void> = defineSyscall({
  ...fsconfig,
  args: [fd, command(FSCONFIG.CMD_RECONFIGURE), noKey, noValue, noAux],
});

/**
 * `fsmount(fd, flags, attr_flags)`: makes a mount of a file system. It is attached nowhere, until {@link move_mount}
 * does so. See fsmount(2).
 *
 * Acts on the process, which gets the descriptor. The mount ends with it, if it is not attached. Paths can start from
 * it at once.
 *
 * @param fd - from {@link fsopen}, after {@link fsconfig_cmd_create}.
 * @param flags - `FSMOUNT.CLOEXEC`, or 0.
 * @param attr_flags - {@link MOUNT_ATTR} bits.
 * @returns the descriptor, as one opened with `O_PATH`.
 * @throws SyscallError EBUSY: the file system is not made yet, or `fd` was used up. EPERM: without CAP_SYS_ADMIN in the
 * user namespace that owns the mount namespace; or a proc or sysfs that would show more than the one that is there
 * ("too revealing": something is mounted over parts of it).
 */
export const fsmount: Syscall<[fd: Fd, flags: number, attr_flags: number], Fd> = defineSyscall({
  name: 'fsmount',
  man: 'fsmount(2)',
  scope: 'thread',
  args: [fd, flags('unsigned int flags', FSMOUNT), flags('unsigned int attr_flags', MOUNT_ATTR, mountAttrNames)],
  result: number,
});

/**
 * `fspick(dirfd, pathname, flags)`: begins the change of a file system that is mounted: {@link fsconfig_set_flag} and
 * its relatives set options, {@link fsconfig_cmd_reconfigure} applies them. See fspick(2).
 *
 * Acts on the process, which gets the descriptor. What goes wrong can be read from it as text.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`; with `FSPICK_EMPTY_PATH` and an empty path
 * the mount itself.
 * @param pathname - where it is mounted.
 * @param flags - {@link FSPICK} bits.
 * @returns the descriptor.
 * @throws SyscallError EINVAL: not a mount point. EPERM: without CAP_SYS_ADMIN. ENOENT: the path is not there. ENOSYS:
 * Linux before 5.2.
 */
export const fspick: Syscall<[dirfd: Fd, pathname: string, flags: number], Fd> = defineSyscall({
  name: 'fspick',
  man: 'fspick(2)',
  scope: 'thread',
  args: [dirfd(), string('const char *pathname'), flags('unsigned int flags', FSPICK)],
  result: number,
});

/**
 * `mount_setattr(dirfd, pathname, flags, attr, size)`: changes what a mount allows, and with `AT_RECURSIVE` what all
 * below it allow: all or none. See mount_setattr(2).
 *
 * Acts on mounts of the mount namespace of the calling thread, or on one that is not attached yet.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`; with `AT_EMPTY_PATH` and an empty path the
 * mount itself.
 * @param pathname - where it is mounted.
 * @param flags - {@link AT} bits.
 * @param attr - `attr_clr`, then `attr_set`: {@link MOUNT_ATTR} bits to clear and to set; for another way to keep
 * access times, clear `_ATIME`. `propagation`: one of `MS.SHARED`, `MS.SLAVE`, `MS.PRIVATE` and `MS.UNBINDABLE`.
 * `userns_fd`: whose ids to map to, with `MOUNT_ATTR.IDMAP`.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN in the user namespace that owns the mount namespace; or a
 * restriction would be cleared that is locked, as those are that a new user namespace got from its parent. EINVAL: not
 * a mount point, or bits that do not go together. EBUSY: read-only, while it is written to. ENOSYS: Linux before 5.12.
 */
export const mount_setattr: Syscall<[dirfd: Fd, pathname: string, flags: number, attr: MountAttr], void> =
  defineSyscall({
    name: 'mount_setattr',
    man: 'mount_setattr(2)',
    scope: 'thread',
    args: [
      dirfd(),
      string('const char *pathname'),
      flags('unsigned int flags', AT),
      sized('struct mount_attr *attr', mountAttr, 'size_t size'),
    ],
    result: nothing,
  });
