import { flagNames, flagSet } from '../flags.js';

/** Four bits of open(2) are elsewhere on AArch64, which keeps those of 32-bit ARM, than on x86-64. */
const movedBits = {
  x64: { DIRECT: 0o40000, LARGEFILE: 0o100000, DIRECTORY: 0o200000, NOFOLLOW: 0o400000 },
  arm64: { DIRECTORY: 0o40000, NOFOLLOW: 0o100000, DIRECT: 0o200000, LARGEFILE: 0o400000 },
};

/** The flags of open(2) on an architecture as Node names it. Use {@link O} for this one. */
export function openFlagsOf(arch: string) {
  const { DIRECT, LARGEFILE, DIRECTORY, NOFOLLOW } = arch === 'arm64' ? movedBits.arm64 : movedBits.x64;
  return flagSet('O_', 'asm/fcntl.h', {
    RDONLY: 0,
    WRONLY: 1,
    RDWR: 2,
    ACCMODE: 3,
    CREAT: 0o100,
    EXCL: 0o200,
    NOCTTY: 0o400,
    TRUNC: 0o1000,
    APPEND: 0o2000,
    NONBLOCK: 0o4000,
    SYNC: 0o4010000,
    DSYNC: 0o10000,
    DIRECT,
    LARGEFILE,
    NOFOLLOW,
    NOATIME: 0o1000000,
    CLOEXEC: 0o2000000,
    PATH: 0o10000000,
    TMPFILE: 0o20000000 | DIRECTORY,
    DIRECTORY,
  });
}

/** How a file is opened, and what its descriptor does: open(2), openat2(2), pipe(2), dup(2). Of this architecture. */
export const O = openFlagsOf(process.arch);

/** `O_RDWR|O_CLOEXEC`: the access mode is two bits that are a number, and O_RDONLY is zero. */
export function openFlagNames(value: number): string {
  const access = flagNames(O, value & O.ACCMODE);
  const rest = value - (value & O.ACCMODE);
  return rest === 0 ? access : `${access}|${flagNames(O, rest)}`;
}

/** Where a path starts and how it is followed: openat(2) and its relatives. */
export const AT = flagSet('AT_', 'linux/fcntl.h', {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  NO_AUTOMOUNT: 0x800,
  EMPTY_PATH: 0x1000,
  RECURSIVE: 0x8000,
});

/** What the resolution of a path may not do: openat2(2). */
export const RESOLVE = flagSet('RESOLVE_', 'linux/openat2.h', {
  NO_XDEV: 0x01,
  NO_MAGICLINKS: 0x02,
  NO_SYMLINKS: 0x04,
  BENEATH: 0x08,
  IN_ROOT: 0x10,
  CACHED: 0x20,
});

/** close_range(2). */
export const CLOSE_RANGE = flagSet('CLOSE_RANGE_', 'linux/close_range.h', { UNSHARE: 2, CLOEXEC: 4 });

/** The flags of a memfd: memfd_create(2). */
export const MFD = flagSet('MFD_', 'linux/memfd.h', {
  CLOEXEC: 0x01,
  ALLOW_SEALING: 0x02,
  HUGETLB: 0x04,
  NOEXEC_SEAL: 0x08,
  EXEC: 0x10,
});

/** The type of a file, in the upper bits of its mode: inode(7). `S_IF.MT` is the mask of them. */
export const S_IF = flagSet('S_IF', 'linux/stat.h', {
  MT: 0o170000,
  SOCK: 0o140000,
  LNK: 0o120000,
  REG: 0o100000,
  BLK: 0o060000,
  DIR: 0o040000,
  CHR: 0o020000,
  IFO: 0o010000,
});

/** What statx(2) is asked for, and what it gave. */
export const STATX = flagSet('STATX_', 'linux/stat.h', {
  TYPE: 0x001,
  MODE: 0x002,
  NLINK: 0x004,
  UID: 0x008,
  GID: 0x010,
  ATIME: 0x020,
  MTIME: 0x040,
  CTIME: 0x080,
  INO: 0x100,
  SIZE: 0x200,
  BLOCKS: 0x400,
  BASIC_STATS: 0x7ff,
  BTIME: 0x800,
  MNT_ID: 0x1000,
});

/** From where lseek(2) counts; and the next data, or the next hole. */
export const SEEK = flagSet('SEEK_', 'linux/fs.h', { SET: 0, CUR: 1, END: 2, DATA: 3, HOLE: 4 });

/** What access(2) is asked for. */
export const ACCESS = flagSet('', 'unistd.h', { R_OK: 4, W_OK: 2, X_OK: 1, F_OK: 0 });
