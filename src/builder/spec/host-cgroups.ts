import type { CgroupOptions, CgroupPart, CgroupPlan } from '../../cgroup/index.js';

/** The control groups of the host, as far as a plan asks for them. */
export interface HostCgroups {
  /** What would be done to make a group, and what of it cannot be. */
  plan(options: CgroupOptions): CgroupPlan;
  /** The parts of a group that is there; undefined for none. */
  find(path: string): readonly CgroupPart[] | undefined;
}
