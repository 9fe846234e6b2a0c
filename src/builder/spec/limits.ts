import { checkKnown, checkRecord, isRecord } from '../../cgroup/check-record.js';
import type {
  CgroupLimits,
  CpusetLimits,
  IoDeviceLimits,
  IoLimits,
  MemoryLimits,
  PidsLimits,
  Size,
} from '../../cgroup/index.js';
import { checkLimits, mergeLimits } from '../../cgroup/limits.js';
import { SpecError } from '../../sys/index.js';
import { shown } from '../../sys/shown.js';

/**
 * Limits on what a command may use, with all that it starts: in short, as `{ memory: '256M', swap: 0, pids: 64, cpus: 0.5, cpuset: '0-3' }`,
 * or all that a controller has, as `{ memory: { max: '256M', high: '200M' } }`. What is left out is not limited; 0 is zero, and `'max'` no limit.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers, https://docs.kernel.org/admin-guide/cgroup-v1/index.html.
 */
export interface Limits extends Omit<CgroupLimits, 'memory' | 'pids' | 'cpuset' | 'io'> {
  /**
   * What it can have, as `'256M'`: above it the kernel takes back what it can, and then kills. Bytes: `memory.max`; in v1
   * `memory.limit_in_bytes`. Or `{ max, high, … }`.
   */
  readonly memory?: Size | 'max' | MemoryLimits;
  /** Swap that it can have in addition: bytes, `memory.swap.max`; in v1 with `memory`, `memory.memsw.limit_in_bytes`. As `memory: { swapMax }`. */
  readonly swap?: Size | 'max';
  /** Processes and threads together, `pids.max`, in v1 too: a fork above it fails with EAGAIN. Or `{ max }`. */
  readonly pids?: number | 'max' | PidsLimits;
  /** How many processors' worth of time it can have, as `0.5`, from 0.001: `cpu.max`; in v1 `cpu.cfs_quota_us`. As `cpu: { max }`. */
  readonly cpus?: number | 'max';
  /** The processors that it runs on: `'0-3,8'`, or a list of their numbers. `cpuset.cpus`, in v1 too. Or `{ cpus, mems, … }`. */
  readonly cpuset?: string | readonly number[] | CpusetLimits;
  /**
   * By disk, as `{ '/dev/sda': { readBytes: '10M/s' } }`; a path has a slash, as `./file`. Bytes and requests in a second: `io.max`; in v1
   * `blkio.throttle.read_bps_device` and so on. Or `{ weight, devices }`.
   */
  readonly io?: IoLimits | Readonly<Record<string, IoDeviceLimits>>;
}

/** How limits may be softened: only in the way that is asked for. See setrlimit(2). */
export interface LimitsOptions {
  /**
   * `'rlimit'`: where no control group can be had, each process is limited by itself, by setrlimit(2): `memory` becomes its address space
   * (RLIMIT_AS), `pids` the number of processes of its user (RLIMIT_NPROC), which holds root to nothing. All other limits stay errors. In a box it is
   * each of its commands that is limited so.
   */
  readonly fallback?: 'rlimit';
}

/**
 * Whether limits may be softened, and how.
 *
 * @throws SpecError - there is no such option, or no such way.
 */
export function readFallback(options: LimitsOptions): 'rlimit' | undefined {
  const help = "give an object, as { fallback: 'rlimit' }";
  checkRecord('options', options, { what: 'options', help, known: ['fallback'] });
  const { fallback } = options;
  if (fallback !== undefined) checkKnown('fallback', fallback, ['rlimit']);
  return fallback;
}

/**
 * Limits by what each controller has, whichever way they were given.
 *
 * @throws SpecError - there is no such limit; or one is given in both ways.
 */
export function readLimits(limits: Limits): CgroupLimits {
  checkRecord('limits', limits, { what: 'limits', help: "give them as { memory: '256M', pids: 64 }" });
  const { memory, swap, pids, cpus, cpuset, io, ...others } = limits;
  const long: CgroupLimits = {
    ...others,
    ...(isRecord(memory) ? { memory } : {}),
    ...(isRecord(pids) ? { pids } : {}),
    ...(isRecord(cpuset) ? { cpuset } : {}),
    ...(isRecord(io) ? { io: isByDisk(io) ? { devices: io } : io } : {}),
  } as CgroupLimits;
  if (io !== undefined && !isRecord(io)) {
    throw new SpecError('io', `${shown(io)} are no limits`, "give them as { '/dev/sda': { readBytes: '10M/s' } }");
  }
  const short: CgroupLimits = {
    ...given('memory', { max: isRecord(memory) ? undefined : memory, swapMax: swap }),
    ...given('pids', { max: isRecord(pids) ? undefined : pids }),
    ...given('cpu', { max: cpus }),
    ...given('cpuset', { cpus: isRecord(cpuset) ? undefined : cpuset }),
  };
  if (cpus !== undefined && long.cpu?.max !== undefined) throw twice('cpus', 'cpu.max');
  if (swap !== undefined && long.memory?.swapMax !== undefined) throw twice('swap', 'memory.swapMax');
  const all = mergeLimits(long, short);
  checkLimits(all);
  return all;
}

function given(controller: string, limits: Readonly<Record<string, unknown>>): object {
  const named = Object.entries(limits).filter(([, value]) => value !== undefined);
  return named.length === 0 ? {} : { [controller]: Object.fromEntries(named) };
}

function twice(short: string, long: string): SpecError {
  return new SpecError(short, `it is the same as ${long}, which is given too`, 'leave one out');
}

/** Whether limits on disks are named by the disks: by a path, or by two numbers. */
function isByDisk(io: object): io is Record<string, IoDeviceLimits> {
  return Object.keys(io).some((name) => name.includes('/') || /^\d+:\d+$/.test(name));
}
