import { i64, struct } from '../struct.js';

/** `struct __kernel_timespec`: seconds and nanoseconds. */
export const timespec = struct('__kernel_timespec', 'linux/time_types.h', { tv_sec: i64, tv_nsec: i64 });

/** `struct timeval`: seconds and microseconds. */
export const timeval = struct('timeval', 'linux/time.h', { tv_sec: i64, tv_usec: i64 });
