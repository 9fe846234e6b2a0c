import type { CgroupPressure } from './pressure-stats.js';

/**
 * Time of processors, since the group was made: `cpu.stat`, which has the first three without the controller, too. In v1 those are from the
 * cpuacct controller, and the others from `cpu.stat`. What is undefined the kernel does not tell, or there is no cpu controller.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu, https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html.
 */
export interface CpuStats {
  /** All of it, milliseconds: `usage_usec`; in v1 `cpuacct.usage`. */
  readonly usage: number;
  /** In programs, milliseconds: `user_usec`; in v1 `cpuacct.usage_user`. */
  readonly user: number;
  /** In the kernel, milliseconds: `system_usec`; in v1 `cpuacct.usage_sys`. */
  readonly system: number;
  /** How many periods of its quota there were in which it ran: `nr_periods`. */
  readonly periods: number | undefined;
  /** How many of them it had used up its quota in: `nr_throttled`. */
  readonly throttledPeriods: number | undefined;
  /**
   * How long it had to wait for the next period, milliseconds, on each processor and all of them together: `throttled_usec`; in v1
   * `throttled_time`.
   */
  readonly throttled: number | undefined;
  /** How many periods it had more than its quota in: `nr_bursts`. */
  readonly bursts: number | undefined;
  /** How much more that was, milliseconds: `burst_usec`; in v1 `burst_time`. */
  readonly burst: number | undefined;
}

/** The most that there was of something, and the most that there may be: bytes, or a number of processes. */
export interface Peak {
  /** Undefined where the kernel does not tell. */
  readonly peak: number | undefined;
  /** `'max'`: there is no limit. */
  readonly limit: number | 'max';
}

/**
 * Memory of a group and of those below. Bytes.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
 */
export interface MemoryStats {
  /** What it has, the page cache included: `memory.current`; in v1 `memory.usage_in_bytes`. */
  readonly current: number;
  /** The most that it had: `memory.peak`, undefined before Linux 5.19; in v1 `memory.max_usage_in_bytes`. */
  readonly peak: number | undefined;
  /** What it can have, `'max'` for no limit of its own: `memory.max`; in v1 `memory.limit_in_bytes`. */
  readonly limit: number | 'max';
  /** Swap, where the kernel counts it: `memory.swap.current`; in v1 `total_swap` of `memory.stat`. */
  readonly swap: number | undefined;
  /** Memory that belongs to no file: `anon` of `memory.stat`; in v1 `total_rss`. */
  readonly anonymous: number;
  /** The page cache, with `shared` in it: `file` of `memory.stat`; in v1 `total_cache`. */
  readonly file: number;
  /** Memory of tmpfs and of shared mappings: `shmem` of `memory.stat`; in v1 `total_shmem`. */
  readonly shared: number;
  /** Memory of the kernel for it: `kernel` of `memory.stat`, undefined before Linux 5.18; in v1 `memory.kmem.usage_in_bytes`. */
  readonly kernel: number | undefined;
  /** All that the kernel tells in `memory.stat`, by its own names. What is memory is in bytes there. */
  readonly details: Readonly<Record<string, number>>;
}

/**
 * What was read from and written to a disk since the group was made: a line of `io.stat`; in v1 the lines of a disk in
 * `blkio.throttle.io_service_bytes_recursive` (bytes) and `blkio.throttle.io_serviced_recursive` (requests).
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#io, https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html.
 */
export interface IoStats {
  /** As the kernel names it, by two numbers: `8:0`. */
  readonly device: string;
  /** Bytes: `rbytes=`; in v1 `Read` of the first file. */
  readonly readBytes: number;
  /** Bytes: `wbytes=`; in v1 `Write` of the first file. */
  readonly writtenBytes: number;
  /** Requests: `rios=`; in v1 `Read` of the second file. */
  readonly reads: number;
  /** Requests: `wios=`; in v1 `Write` of the second file. */
  readonly writes: number;
}

/**
 * Processes and threads together, of a group and of those below. The files are the same in v1.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#pid, https://docs.kernel.org/admin-guide/cgroup-v1/pids.html.
 */
export interface PidsStats {
  /** How many there are: `pids.current`. */
  readonly current: number;
  /** The most that there were: `pids.peak`, undefined before Linux 6.1. */
  readonly peak: number | undefined;
  /** How many there may be, `'max'` for no limit of its own: `pids.max`. */
  readonly limit: number | 'max';
}

/** What a group uses, with all below. Undefined is what cannot be measured: its controller is not there. */
export interface CgroupStats {
  /** Time of processors: `cpu.stat`; in v1 `cpuacct.usage` and its relatives. */
  readonly cpu: CpuStats | undefined;
  /** Bytes: `memory.current`, `memory.stat` and so on; in v1 `memory.usage_in_bytes`, … */
  readonly memory: MemoryStats | undefined;
  /** One for each disk: `io.stat`; in v1 `blkio.throttle.io_service_bytes_recursive`, … */
  readonly io: readonly IoStats[] | undefined;
  /** How many processes and threads there are: `pids.current`. */
  readonly pids: PidsStats | undefined;
  /** How much it had to wait: `cpu.pressure`, `memory.pressure`, `io.pressure`; undefined without cgroup v2 and PSI. */
  readonly pressure: CgroupPressure | undefined;
}

/** What a group has used until now. */
export interface CgroupUse extends Pick<CgroupStats, 'cpu' | 'io' | 'pressure'> {
  /** Bytes. */
  readonly memory: Peak | undefined;
  readonly pids: Peak | undefined;
}
