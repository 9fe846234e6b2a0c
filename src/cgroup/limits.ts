import { checkRecord, isRecord } from './check-record.js';
import { type CgroupVersion, type ControllerName, controllerNames, type Emission } from './controllers/controller.js';
import { type CpuLimits, cpu } from './controllers/cpu.js';
import { type CpusetLimits, cpuset } from './controllers/cpuset.js';
import { type HugetlbLimits, hugetlb } from './controllers/hugetlb.js';
import { type IoDeviceLimits, type IoLimits, io } from './controllers/io.js';
import { type MemoryLimits, memory } from './controllers/memory.js';
import { type MiscLimits, misc } from './controllers/misc.js';
import { type PidsLimits, pids } from './controllers/pids.js';
import { type RdmaDeviceLimits, type RdmaLimits, rdma } from './controllers/rdma.js';

/**
 * Limits of a group, by controller. What is left out is not limited; 0 is zero, and `'max'` is no limit.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers, https://docs.kernel.org/admin-guide/cgroup-v1/index.html.
 */
export interface CgroupLimits {
  /** Time of processors: `cpu.max`, `cpu.weight`, …; in v1 `cpu.cfs_quota_us`, `cpu.shares`, … */
  readonly cpu?: CpuLimits;
  /** Which processors and memory nodes: `cpuset.cpus`, `cpuset.mems`, in v1 too. */
  readonly cpuset?: CpusetLimits;
  /** Bytes in huge pages: `hugetlb.SIZE.max`; in v1 `hugetlb.SIZE.limit_in_bytes`. */
  readonly hugetlb?: HugetlbLimits;
  /** Rates and shares of disks: `io.max`, `io.weight`, …; in v1 `blkio.throttle.*`, `blkio.bfq.weight`, … */
  readonly io?: IoLimits;
  /** Bytes of memory: `memory.max`, …; in v1 `memory.limit_in_bytes`, … */
  readonly memory?: MemoryLimits;
  /** Resources by number: `misc.max`, in v1 too. */
  readonly misc?: MiscLimits;
  /** How many processes and threads: `pids.max`, in v1 too. */
  readonly pids?: PidsLimits;
  /** Resources of RDMA devices: `rdma.max`, in v1 too. */
  readonly rdma?: RdmaLimits;
}

const controllers = { cpu, cpuset, hugetlb, io, memory, misc, pids, rdma };

/** The names that limits may have. Those of `hugetlb`, `misc` and `rdma` are of what there is on the host. */
const names: Partial<Record<ControllerName, readonly string[]>> = {
  cpu: ['max', 'period', 'weight', 'burst', 'idle'] satisfies (keyof CpuLimits)[],
  cpuset: ['cpus', 'mems', 'partition'] satisfies (keyof CpusetLimits)[],
  io: ['weight', 'devices', 'directOnly'] satisfies (keyof IoLimits)[],
  memory: ['max', 'high', 'low', 'min', 'swapMax', 'swapHigh', 'zswapMax', 'oomGroup'] satisfies (keyof MemoryLimits)[],
  pids: ['max'] satisfies (keyof PidsLimits)[],
};

/** The names that limits of one disk may have. */
const diskNames = [
  'readBytes',
  'writeBytes',
  'reads',
  'writes',
  'weight',
  'latency',
] satisfies (keyof IoDeviceLimits)[];

/** The names that limits of one RDMA device may have. */
const rdmaNames = ['handles', 'objects'] satisfies (keyof RdmaDeviceLimits)[];

/** The controllers that have limits. */
export function limitedControllers(limits: CgroupLimits): ControllerName[] {
  return controllerNames.filter((name) => limits[name] !== undefined);
}

/** What one controller makes of its part of the limits. */
export function emit(limits: CgroupLimits, controller: ControllerName, version: CgroupVersion): Emission {
  const make = controllers[controller] as (limits: object, version: CgroupVersion) => Emission;
  return make(limits[controller] ?? {}, version);
}

/**
 * Limits over others, down to single ones: what the second leaves out stays as it is in the first; but for the weight of a group that becomes
 * idle, which takes it away.
 */
export function mergeLimits(before: CgroupLimits, after: CgroupLimits): CgroupLimits {
  const { weight: _, ...withoutWeight } = before.cpu ?? {};
  const left = before.cpu !== undefined && after.cpu?.idle === true ? { ...before, cpu: withoutWeight } : before;
  return merge(left, after) as CgroupLimits;
}

function merge(before: object, after: object): object {
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const was = merged[name];
    merged[name] = isRecord(was) && isRecord(value) ? merge(was, value) : value;
  }
  return merged;
}

/**
 * Refuses what is no set of limits.
 *
 * @throws SpecError - a controller or a limit that there is none of.
 */
export function checkLimits(limits: CgroupLimits): void {
  const help = "give an object by controller, as { memory: { max: '256M' } }";
  checkRecord('limits', limits, { what: 'limits', help, known: controllerNames });
  for (const [controller, given] of Object.entries(limits)) {
    if (given !== undefined) checkNames(controller, given, names[controller as ControllerName]);
  }
  checkEach('io.devices', limits.io?.devices, (path) => `io.devices[${JSON.stringify(path)}]`, diskNames);
  checkEach('rdma', limits.rdma, (device) => `rdma.${device}`, rdmaNames);
}

/** Limits of one thing each. */
function checkEach(
  field: string,
  given: object | undefined,
  fieldOf: (name: string) => string,
  known: readonly string[],
): void {
  if (given === undefined) return;
  checkNames(field, given);
  for (const [name, limits] of Object.entries(given)) checkNames(fieldOf(name), limits, known);
}

function checkNames(field: string, given: unknown, known?: readonly string[]): void {
  checkRecord(field, given, { what: 'limits', help: 'give an object, as { max: … }', known });
}
