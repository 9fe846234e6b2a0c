import { readIfThere } from './files.js';
import { cgroupHierarchies, directoryIn } from './hierarchies.js';
import { membershipsOf } from './membership.js';
import type { Refused } from './signal.js';

/** Why processes are still there that were to end, and the way out. */
export function whyThere(left: readonly number[], refused: readonly Refused[]): string {
  const [stranger] = refused.filter(({ pid, error }) => error.code === 'EPERM' && left.includes(pid));
  if (stranger !== undefined) return `process ${stranger.pid} is of another user`;
  if (left.includes(0)) return 'a process is of a PID namespace outside of this one, and has no number here';
  for (const pid of left) {
    const frozen = frozenIn(pid);
    if (frozen !== undefined) {
      return `process ${pid} is frozen in ${frozen}, and in v1 nothing ends it there: write THAWED to freezer.state`;
    }
  }
  return 'the kernel holds them, in an uninterruptible sleep';
}

/** The group in which the freezer of v1 has stopped a process: its own, or that which one above was stopped with. */
function frozenIn(pid: number): string | undefined {
  try {
    const isFreezer = ({ controllers }: { readonly controllers: readonly string[] }) => controllers.includes('freezer');
    const path = membershipsOf(pid).find(isFreezer)?.path;
    const { root, mountPoint } = cgroupHierarchies().find(isFreezer) ?? {};
    if (path === undefined || root === undefined || mountPoint === undefined) return undefined;
    const directory = directoryIn({ root, mountPoint }, path);
    return (readIfThere(`${directory}/freezer.state`)?.trim() ?? 'THAWED') === 'THAWED' ? undefined : directory;
  } catch {
    // It has ended, or is not to be looked at.
    return undefined;
  }
}
