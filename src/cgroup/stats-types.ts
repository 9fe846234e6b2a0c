import type { CgroupPressure } from './pressure-stats.js';

/** Time of processors. Milliseconds. */
export interface CpuStats {
  readonly usage: number;
  readonly user: number;
  readonly system: number;
  /** Periods in which it ran, and those in which it had used up its quota; undefined where the controller is not there. */
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
  /** How long its processes had to wait for the next period, all of them together. */
  readonly throttled: number | undefined;
  /** How often, and how long, it had more than its quota. */
  readonly bursts: number | undefined;
  readonly burst: number | undefined;
}

/** The most that there was of something, and the most that there may be. */
export interface Peak {
  /** Undefined where the kernel does not tell. */
  readonly peak: number | undefined;
  readonly limit: number | 'max';
}

/** Memory. Bytes. */
export interface MemoryStats {
  readonly current: number;
  /** The most that it had; undefined before Linux 5.19 in v2. */
  readonly peak: number | undefined;
  readonly limit: number | 'max';
  /** Swap, where the kernel counts it. */
  readonly swap: number | undefined;
  /** Memory that belongs to no file; the page cache, with `shared` in it; memory of tmpfs and of shared mappings. */
  readonly anonymous: number;
  readonly file: number;
  readonly shared: number;
  /** Memory of the kernel for it; undefined where it does not tell. */
  readonly kernel: number | undefined;
  /** All that the kernel tells in `memory.stat`, by its own names. */
  readonly details: Readonly<Record<string, number>>;
}

/** What was read from and written to a disk. */
export interface IoStats {
  /** As the kernel names it, `8:0`. */
  readonly device: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads: number;
  readonly writes: number;
}

/** Processes and threads together. */
export interface PidsStats {
  readonly current: number;
  /** The most that there were; undefined before Linux 6.1. */
  readonly peak: number | undefined;
  readonly limit: number | 'max';
}

/** What a group uses. Undefined is what cannot be measured: its controller is not there. */
export interface CgroupStats {
  readonly cpu: CpuStats | undefined;
  readonly memory: MemoryStats | undefined;
  readonly io: readonly IoStats[] | undefined;
  readonly pids: PidsStats | undefined;
  /** How much it had to wait; undefined without cgroup v2 and PSI. */
  readonly pressure: CgroupPressure | undefined;
}

/** What a group has used until now. */
export interface CgroupUse extends Pick<CgroupStats, 'cpu' | 'io' | 'pressure'> {
  /** Bytes. */
  readonly memory: Peak | undefined;
  readonly pids: Peak | undefined;
}
