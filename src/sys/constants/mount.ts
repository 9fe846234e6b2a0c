import { flagSet } from '../flags.js';

/** The flags of mount(2). */
export const MS = flagSet('MS_', 'linux/mount.h', {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  SILENT: 32768,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
  LAZYTIME: 1 << 25,
});

/** How a mount is detached: umount(2). */
export const MNT = flagSet('MNT_', 'sys/mount.h', { FORCE: 1, DETACH: 2, EXPIRE: 4 });

/** How the path of a mount to detach is followed: umount(2). */
export const UMOUNT = flagSet('UMOUNT_', 'sys/mount.h', { NOFOLLOW: 8 });

/** open_tree(2), beside {@link AT} bits. */
export const OPEN_TREE = flagSet('OPEN_TREE_', 'linux/mount.h', { CLONE: 1, CLOEXEC: 0o2000000 });

/** move_mount(2): `F_` is about the path that is moved from, `T_` about the path that is moved to. */
export const MOVE_MOUNT = flagSet('MOVE_MOUNT_', 'linux/mount.h', {
  F_SYMLINKS: 0x001,
  F_AUTOMOUNTS: 0x002,
  F_EMPTY_PATH: 0x004,
  T_SYMLINKS: 0x010,
  T_AUTOMOUNTS: 0x020,
  T_EMPTY_PATH: 0x040,
  SET_GROUP: 0x100,
  BENEATH: 0x200,
});

/** fsopen(2). */
export const FSOPEN = flagSet('FSOPEN_', 'linux/mount.h', { CLOEXEC: 1 });

/** What fsconfig(2) does. */
export const FSCONFIG = flagSet('FSCONFIG_', 'linux/mount.h', {
  SET_FLAG: 0,
  SET_STRING: 1,
  SET_BINARY: 2,
  SET_PATH: 3,
  SET_PATH_EMPTY: 4,
  SET_FD: 5,
  CMD_CREATE: 6,
  CMD_RECONFIGURE: 7,
});

/** fsmount(2). */
export const FSMOUNT = flagSet('FSMOUNT_', 'linux/mount.h', { CLOEXEC: 1 });

/** fspick(2). */
export const FSPICK = flagSet('FSPICK_', 'linux/mount.h', {
  CLOEXEC: 1,
  SYMLINK_NOFOLLOW: 2,
  NO_AUTOMOUNT: 4,
  EMPTY_PATH: 8,
});

/** What a mount allows: mount_setattr(2), fsmount(2). `_ATIME` is the mask of the three ways to keep access times. */
export const MOUNT_ATTR = flagSet('MOUNT_ATTR_', 'linux/mount.h', {
  RDONLY: 0x01,
  NOSUID: 0x02,
  NODEV: 0x04,
  NOEXEC: 0x08,
  _ATIME: 0x70,
  RELATIME: 0x00,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  NODIRATIME: 0x80,
  IDMAP: 0x100000,
  NOSYMFOLLOW: 0x200000,
});
