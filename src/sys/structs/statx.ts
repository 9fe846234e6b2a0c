import { i64, nested, type Struct, struct, u16, u32, u64 } from '../struct.js';

/** `struct statx_timestamp`: seconds since 1970, and nanoseconds. */
export const statxTimestamp = struct('statx_timestamp', 'linux/stat.h', { tv_sec: i64, tv_nsec: u32 }, { size: 16 });

const time = nested(statxTimestamp, 8);
const members = {
  stx_mask: u32,
  stx_blksize: u32,
  stx_attributes: u64,
  stx_nlink: u32,
  stx_uid: u32,
  stx_gid: u32,
  stx_mode: u16,
  stx_ino: u64,
  stx_size: u64,
  stx_blocks: u64,
  stx_attributes_mask: u64,
  stx_atime: time,
  stx_btime: time,
  stx_ctime: time,
  stx_mtime: time,
  stx_rdev_major: u32,
  stx_rdev_minor: u32,
  stx_dev_major: u32,
  stx_dev_minor: u32,
  stx_mnt_id: u64,
};

/**
 * `struct statx`: what a file is. `stx_mask` says which members the kernel filled in; `stx_rdev_*` are for devices, `stx_dev_*`
 * are the file system that the file is on. See statx(2).
 */
export type Statx = typeof statxBuffer extends Struct<infer V> ? V : never;

/** {@link Statx} in memory. */
export const statxBuffer = struct('statx', 'linux/stat.h', members, { size: 256 });
