import type { CgroupOptions } from '../../cgroup/index.js';
import type { ProcessSpec } from './process-spec.js';

/** Whether a spec asks for a control group. */
export function hasGroup({ limits, cgroup }: ProcessSpec): boolean {
  return limits !== undefined || cgroup !== undefined;
}

/** Whether the group is there already, and stays. */
export function isJoined({ cgroup }: ProcessSpec): boolean {
  return cgroup?.path !== undefined || cgroup?.parts !== undefined;
}

/** How a group is made for a spec that asks for one of its own. */
export function groupOptions({
  limits,
  cgroup: { path: _, parts: __, isOfBox: ___, slice: ____, ...others } = {},
}: ProcessSpec): CgroupOptions {
  return { ...others, ...(limits === undefined ? {} : { limits }) };
}
