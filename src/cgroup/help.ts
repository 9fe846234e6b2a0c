import { match, P } from 'ts-pattern';
import { howToHaveOne } from './delegation.js';
import { readIfThere } from './files.js';

const readOnly =
  'the file system of control groups is mounted read-only here: in a container ask for a writable one of its own';
/** Why a user may not move a process into a group of its own: cgroups(7), "Cgroups delegation: delegation containment rules". */
export const whoMoves =
  'who moves a process needs to be let write to cgroup.procs in the nearest group above both places: start this program in a group below ' +
  'that one, or as root';
const gone = 'the group is gone: somebody else removed it';

/** Which processors or memory nodes there are, as `0-3`. */
function online(file: string): string {
  const what = file === 'cpuset.cpus' ? 'cpu' : 'node';
  // A kernel that knows of one node has no such file.
  const numbers = readIfThere(`/sys/devices/system/${what}/online`)?.trim() ?? '0';
  return `${what === 'cpu' ? 'the processors' : 'the memory nodes'} ${numbers}`;
}

/** What an error of the kernel means here, and what to do. */
export function helpFor(action: string, code: string, path: string): string | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return match([action, code, file] as [string, string, string])
    .with([P._, 'EROFS', P._], () => readOnly)
    .with(['create', 'EEXIST', P._], () => 'there is a group of this name: take another name, or findCgroup')
    .with(
      ['create', 'EAGAIN', P._],
      () => 'a group above limits how many there may be: cgroup.max.descendants, cgroup.max.depth',
    )
    .with(['create', 'ENOSPC', P._], () => 'the kernel has no more ids for groups of this controller: remove some')
    .with(
      ['enable', 'EBUSY', P._],
      () => 'the group has processes of its own: no group with controllers below may (cgroups(7))',
    )
    .with(
      ['enable', 'ENOENT', P._],
      () => 'the group above does not pass this controller on: see its cgroup.subtree_control',
    )
    .with(['enable', 'EINVAL', P._], () => 'the controller is not there in v2: it may be in use by a hierarchy of v1')
    .with(['attach', 'ESRCH', P._], () => 'there is no such process any more')
    .with(
      ['attach', 'EBUSY', P._],
      () => 'the group has controllers enabled for groups below: processes belong into those',
    )
    .with(['attach', 'EACCES', P._], () => whoMoves)
    .with(['attach', 'EPERM', P._], () => 'the process is of another user')
    .with(['attach', 'ENOSPC', P._], () => 'the group has no processors or no memory nodes: cpuset')
    .with(
      ['attach', 'EINVAL', P._],
      () => 'the kernel takes no kernel thread, and no real-time process without time for it',
    )
    .with(['attach', 'EOPNOTSUPP', P._], () => 'the group is part of a threaded subtree: cgroup.type')
    .with(
      ['write', 'EBUSY', P.union('memory.limit_in_bytes', 'memory.memsw.limit_in_bytes')],
      () => 'the group uses more than that, and the kernel could not take enough back: end something in it first',
    )
    .with(
      ['write', 'EINVAL', P.union('memory.limit_in_bytes', 'memory.memsw.limit_in_bytes')],
      () => 'memory and swap together cannot be less than memory alone',
    )
    .with(
      [
        'write',
        'EINVAL',
        P.union('cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpu.cfs_burst_us', 'cpu.max', 'cpu.max.burst'),
      ],
      () => 'in v1 a group cannot have more than those above it; and a burst no more than the quota',
    )
    .with(['write', 'EACCES', 'cpuset.cpus'], () => 'a group has no processors that the group above does not have')
    .with(['write', 'EACCES', 'cpuset.mems'], () => 'a group has no memory nodes that the group above does not have')
    .with(
      ['write', P.union('EINVAL', 'ERANGE'), P.union('cpuset.cpus', 'cpuset.mems')],
      () => `there are ${online(file)} here`,
    )
    .with(['write', P.union('ENODEV', 'EINVAL'), P.string.startsWith('io.')], () => 'it is no disk, or part of one')
    .with(['write', P.union('ENODEV', 'EINVAL'), P.string.startsWith('blkio.')], () => 'it is no disk, or part of one')
    .with(
      ['write', 'EOPNOTSUPP', P.union(P.string.startsWith('io.'), P.string.startsWith('blkio.'))],
      () => 'the disk goes by no shares: neither io.cost (io.cost.qos) nor BFQ (/sys/block/DISK/queue/scheduler)',
    )
    .with(['remove', 'EBUSY', P._], () => 'there is still a process in it, or in a group below')
    .with(
      ['watch', P.union('ENOSPC', 'EMFILE'), P._],
      () => 'this user watches too many files: /proc/sys/fs/inotify/max_user_watches and max_user_instances',
    )
    .with([P._, P.union('EACCES', 'EPERM'), P._], () => `only root may, or who was given the group: ${howToHaveOne(2)}`)
    .with([P._, P.union('ENOENT', 'ENODEV'), P._], () => gone)
    .otherwise(() => undefined);
}
