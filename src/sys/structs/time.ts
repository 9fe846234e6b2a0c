import { i64, type Struct, struct } from '../struct.js';

/** A time in seconds and nanoseconds. */
export interface Timespec {
  readonly tv_sec: number;
  readonly tv_nsec: number;
}

/** `struct __kernel_timespec`: {@link Timespec} in memory. */
export const timespec: Struct<Timespec> = struct('__kernel_timespec', 'linux/time_types.h', {
  tv_sec: i64,
  tv_nsec: i64,
});

/** `struct timeval`: seconds and microseconds. */
export const timeval = struct('timeval', 'linux/time.h', { tv_sec: i64, tv_usec: i64 });
