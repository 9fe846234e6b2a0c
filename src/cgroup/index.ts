/**
 * Control groups: which ones a process is in and what may be done with them; groups of one's own, with limits, measurements and
 * events, that can be frozen, killed and removed. cgroup v2, v1 and both at once, behind one interface.
 *
 * @module cgroup
 */
export type { Duration, Signal, Size } from '../units/index.js';
export { type CgroupAccess, type CgroupBase, type ControllerAccess, cgroupAccess } from './access.js';
export type {
  CgroupRefusal,
  CgroupValue,
  CgroupVersion,
  ControllerName,
  Problem,
} from './controllers/controller.js';
export type { CpuLimits } from './controllers/cpu.js';
export type { CpusetLimits, CpusetPartition } from './controllers/cpuset.js';
export type { HugetlbLimits } from './controllers/hugetlb.js';
export type { IoDeviceLimits, IoLimits } from './controllers/io.js';
export type { MemoryLimits } from './controllers/memory.js';
export type { MiscLimits } from './controllers/misc.js';
export type { PidsLimits } from './controllers/pids.js';
export type { RdmaDeviceLimits, RdmaLimits } from './controllers/rdma.js';
export type { CgroupCounters } from './counters.js';
export type { CgroupDeadline } from './deadline.js';
export { type CgroupAction, CgroupError } from './errors.js';
export type { CgroupEvent, CgroupWatch } from './events.js';
export { Cgroup } from './group.js';
export { cgroupHierarchies, type Hierarchy } from './hierarchies.js';
export type { CgroupLimits } from './limits.js';
export { type Membership, membershipsOf, parseMemberships } from './membership.js';
export { checkCgroup, findCgroup, openCgroup } from './open.js';
export type { CgroupOptions } from './options.js';
export type { CgroupPart } from './part.js';
export { type CgroupPlan, planCgroup } from './plan.js';
export type { PressureTrigger } from './pressure.js';
export type { CgroupPressure, Pressure, PressureKind, PressureLine } from './pressure-stats.js';
export { removeStaleCgroups } from './stale.js';
export type { CgroupStats, CpuStats, IoStats, MemoryStats, PidsStats } from './stats-types.js';
