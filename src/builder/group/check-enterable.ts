import { isFrozenForGood } from '../../cgroup/freeze.js';
import { type Cgroup, CgroupError } from '../../cgroup/index.js';
import { partOf } from '../../cgroup/part.js';
import { pidsStats } from '../../cgroup/v2/stats.js';
import { SpecError } from '../../sys/index.js';
import type { Entrance } from '../compile/group-way.js';

/**
 * Refuses a group that is there already where a command could not begin, and not be ended either, or where the kernel would let it in past a limit: who moves into a group is
 * not counted against `pids.max`, other than who is born there. Others may come in between.
 *
 * @throws SpecError - it is frozen in v1. CgroupError EAGAIN: it is full.
 */
export function checkEnterable(cgroup: Cgroup, way: readonly Entrance[]): void {
  if (isFrozenForGood(cgroup.parts)) {
    throw new SpecError(
      'cgroup',
      `the group ${cgroup.paths[0]} is frozen: the command would stop before it begins, and in v1 nothing could end it`,
      'let it go on first: .thaw() of the group',
    );
  }
  const part = partOf(cgroup.parts, 'pids');
  if (part === undefined || way[cgroup.parts.indexOf(part)] === 'clone') return;
  const pids = pidsStats(part.directory);
  if (pids === undefined || pids.limit === 'max' || pids.current < pids.limit) return;
  const help = `the limit on processes of its control group is reached: it has ${pids.current} of ${pids.limit}`;
  throw new CgroupError({ action: 'attach', path: cgroup.paths[0] ?? '', help }, 'EAGAIN');
}
