import { RLIM64_INFINITY } from '../constants/resource.js';
import { i64, nested, type Struct, shownAs, struct, u64Big } from '../struct.js';
import { timeval } from './time.js';

const limit = shownAs(u64Big, (value) => (value === RLIM64_INFINITY ? 'RLIM64_INFINITY' : String(value)));

/** `struct rlimit64`: what holds now, and how far it may be raised. All bits set is no limit. See prlimit(2). */
export interface Rlimit {
  readonly rlim_cur: bigint;
  readonly rlim_max: bigint;
}

/** {@link Rlimit} in memory. */
export const rlimit64: Struct<Rlimit> = struct('rlimit64', 'linux/resource.h', { rlim_cur: limit, rlim_max: limit });

/** A time in seconds and microseconds. */
export interface Timeval {
  readonly tv_sec: number;
  readonly tv_usec: number;
}

/** `struct rusage`: what a process used. Those that Linux does not keep are 0. See getrusage(2). */
export interface Rusage {
  readonly ru_utime: Timeval;
  readonly ru_stime: Timeval;
  /** KiB. */
  readonly ru_maxrss: number;
  readonly ru_ixrss: number;
  readonly ru_idrss: number;
  readonly ru_isrss: number;
  readonly ru_minflt: number;
  readonly ru_majflt: number;
  readonly ru_nswap: number;
  /** Blocks of 512 bytes. */
  readonly ru_inblock: number;
  readonly ru_oublock: number;
  readonly ru_msgsnd: number;
  readonly ru_msgrcv: number;
  readonly ru_nsignals: number;
  readonly ru_nvcsw: number;
  readonly ru_nivcsw: number;
}

/** {@link Rusage} in memory. */
export const rusage: Struct<Rusage> = struct('rusage', 'linux/resource.h', {
  ru_utime: nested(timeval, 8),
  ru_stime: nested(timeval, 8),
  ru_maxrss: i64,
  ru_ixrss: i64,
  ru_idrss: i64,
  ru_isrss: i64,
  ru_minflt: i64,
  ru_majflt: i64,
  ru_nswap: i64,
  ru_inblock: i64,
  ru_oublock: i64,
  ru_msgsnd: i64,
  ru_msgrcv: i64,
  ru_nsignals: i64,
  ru_nvcsw: i64,
  ru_nivcsw: i64,
});
