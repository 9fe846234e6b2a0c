import { SpecError } from '../sys/index.js';
import { isAbsent } from './files.js';
import { cgroupHierarchies, directoryIn } from './hierarchies.js';
import { type Membership, membershipsOf } from './membership.js';
import type { CgroupPart } from './part.js';
import { availableIn } from './v2/base.js';

/**
 * The group that a process is in, of those hierarchies in which that is another than the one of this program: in v1 its parts may be at another path in each.
 *
 * @throws SpecError - there is no such process; or its group is not to be seen from here.
 */
export function partsOfProcess(pid: number): CgroupPart[] {
  const hierarchies = cgroupHierarchies();
  return membershipsOfProcess(pid).flatMap((membership): CgroupPart[] => {
    const { version, controllers, path } = membership;
    const hierarchy = hierarchies.find((one) => isSame(one, membership));
    if (hierarchy === undefined || hierarchy.path === path || (version === 1 && controllers.length === 0)) return [];
    const { mountPoint, root } = hierarchy;
    const directory =
      mountPoint === undefined || root === undefined ? undefined : directoryIn({ mountPoint, root }, path);
    if (directory === undefined)
      throw new SpecError('cgroup', `the group ${path} of process ${pid} is not to be seen here`);
    return [{ version, controllers: version === 2 ? availableIn(directory) : controllers, directory }];
  });
}

function membershipsOfProcess(pid: number): Membership[] {
  try {
    return membershipsOf(pid);
  } catch (error) {
    if (isAbsent(error)) throw new SpecError('join', `there is no process ${pid}`);
    throw error;
  }
}

function isSame(one: Membership, other: Membership): boolean {
  return (
    one.version === other.version && one.name === other.name && String(one.controllers) === String(other.controllers)
  );
}
