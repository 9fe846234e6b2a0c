import type { BigIntStats } from 'node:fs';

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character' | 'block';

/** What lstat(2) tells of something in a directory. */
export interface Entry {
  readonly type: EntryType;
  /** Its permissions, with the set-id bits and the sticky one. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: bigint;
  /** The number of a device. */
  readonly device: bigint;
  /** When it was last read and last written, in nanoseconds since 1970. */
  readonly readAt: bigint;
  readonly writtenAt: bigint;
}

export function entryOf(stats: BigIntStats): Entry {
  return {
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: stats.size,
    device: stats.rdev,
    readAt: stats.atimeNs,
    writtenAt: stats.mtimeNs,
  };
}

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() ? 'character' : 'block';
}

export function samePermissions(one: Entry, other: Entry): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

/** How overlayfs hides something of the directory below: a device that there is not. */
export function isWhiteoutDevice({ type, device }: Entry): boolean {
  return type === 'character' && device === 0n;
}
