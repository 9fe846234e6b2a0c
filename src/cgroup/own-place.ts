import { cgroupHierarchies, type Hierarchy } from './hierarchies.js';
import type { CgroupPart } from './part.js';
import { processesIn } from './processes.js';

/** Whether this program itself is in a group, or in one below. */
export function isSelfIn(parts: readonly CgroupPart[]): boolean {
  const own = ownHierarchies();
  if (own === undefined) return processesIn(parts).includes(process.pid);
  return parts.some(({ directory }) => own.some((place) => `${place.directory}/`.startsWith(`${directory}/`)));
}

/** Undefined where the kernel cannot tell: no path is long enough for the group that this program is in. */
function ownHierarchies(): Hierarchy[] | undefined {
  try {
    return cgroupHierarchies();
  } catch {
    return undefined;
  }
}
