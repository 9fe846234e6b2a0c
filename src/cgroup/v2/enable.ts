import { cgroupError } from '../errors.js';
import { codeOf, write } from '../files.js';
import { enabledIn, isTrueRoot } from './base.js';
import { makeRoom, type Room, roomIn } from './leaf.js';

/** A fork may come between a group that is emptied and its controllers. */
const mostTimes = 5;

/**
 * Lets a group of v2 pass controllers on to groups below, and moves this process into a leaf if it has to.
 *
 * Equivalent to: `echo "+memory +pids" > cgroup.subtree_control`. See cgroups(7).
 *
 * @throws CgroupError EBUSY: processes of others are in the group. ENOENT: the group above does not pass a controller on. EACCES: the
 * group is somebody else's.
 */
export async function enable(directory: string, controllers: readonly string[], moveAll: boolean): Promise<void> {
  const path = `${directory}/cgroup.subtree_control`;
  for (let times = 1; ; times++) {
    const missing = missingIn(directory, controllers);
    if (missing.length === 0) return;
    const value = missing.map((controller) => `+${controller}`).join(' ');
    if (!isTrueRoot(directory)) await makeRoom(directory, moveAll);
    try {
      await write(path, value);
    } catch (error) {
      if (codeOf(error) !== 'EBUSY' || times === mostTimes) throw cgroupError({ action: 'enable', path, value }, error);
    }
  }
}

/** The processes that are moved before, and where to. Nobody is in the root of all, where all is passed on, and where others are in the way. */
export function movedToEnable(directory: string, controllers: readonly string[], moveAll: boolean): Room | undefined {
  if (isTrueRoot(directory) || missingIn(directory, controllers).length === 0) return undefined;
  const room = roomIn(directory, moveAll);
  return room.moved.length === 0 || room.inTheWay.length > 0 ? undefined : room;
}

function missingIn(directory: string, controllers: readonly string[]): string[] {
  const enabled = enabledIn(directory);
  return controllers.filter((controller) => !enabled.includes(controller));
}
