import { mkdirSync, rmdirSync } from 'node:fs';
import { SpecError } from '../sys/index.js';
import { cgroupAccess } from './access.js';
import { basesIn } from './bases-in.js';
import { cgroupError } from './errors.js';
import { codeOf, isThere } from './files.js';
import { Cgroup } from './group.js';
import { checkName, checkNewName, ownName } from './name.js';
import { type CgroupOptions, checkOptions } from './options.js';
import type { CgroupPart } from './part.js';
import { partsBelow } from './plan.js';
import { removeParts } from './remove.js';
import { type Resolved, resolve } from './resolve.js';
import { availableIn } from './v2/base.js';
import { enable } from './v2/enable.js';
import { Patience } from './waiting.js';
import { placeValues, writeValues } from './write.js';

/**
 * Makes a control group, with its limits: all that was asked for is applied, or nothing is left. Where the group of this program has to
 * pass controllers on, and may have no processes of its own then, this program moves into a leaf of it (`isolate-self`), which stays;
 * so do the shell that started it, and its children.
 *
 * Equivalent to: `mkdir GROUP; echo 256M > GROUP/memory.max`, in each hierarchy that is needed, and in v2 before it
 * `echo +memory > cgroup.subtree_control` in the group above. In v1 a new group gets the `cpuset.cpus` and `cpuset.mems` of the one above, and 1 in
 * `memory.use_hierarchy`, if its controllers are there and the kernel does not do so. See cgroups(7); {@link CgroupLimits} has the file of each limit.
 *
 * ```ts
 * await using group = await openCgroup({ limits: { memory: { max: '256M' }, pids: { max: 64 }, cpu: { max: 0.5 } } });
 * await group.attach(child.pid);
 * ```
 *
 * @param options - limits, controllers, name and parent.
 * @returns the group, without processes.
 * @throws SpecError - it cannot be on this host, or at all: the field, the reason and the way out. CgroupError - the kernel refused:
 * EEXIST: there is a group of this name. EBUSY: processes of others are in the way. EINVAL, ERANGE: the groups above have no such value to give,
 * or it is none. EOPNOTSUPP: the disk goes by no shares. EAGAIN: a group above limits how many there may be (`cgroup.max.descendants`,
 * `cgroup.max.depth`). ENOSPC: the kernel has no more ids. EROFS, EACCES: this program may not. ENOENT: the group above is gone. Error as
 * {@link cgroupHierarchies}.
 */
export function openCgroup(options: CgroupOptions = {}): Promise<Cgroup> {
  return openNamed(options, undefined);
}

/** The same, with a name that tells what the group is for, where the options have none. */
export async function openNamed(options: CgroupOptions, name: string | undefined): Promise<Cgroup> {
  const resolved = resolve(options);
  const [refusal] = resolved.refusals;
  if (refusal !== undefined) throw new SpecError(refusal.field, refusal.problem, refusal.help);
  for (const { version, directory } of resolved.bases) {
    if (version === 2 && resolved.enable.length > 0) await enable(directory, resolved.enable, options.moveAll ?? false);
  }
  const parts = make(resolved, options.name ?? name);
  try {
    await writeValues(placeValues(parts, resolved.values), true);
  } catch (error) {
    await removeParts(parts, new Patience(1000)).catch(() => {});
    throw error;
  }
  return new Cgroup(parts, options.limits ?? {});
}

/** Makes the directories: all of them, or none. Another thread may have taken a name of ours. */
function make(resolved: Resolved, name: string | undefined): CgroupPart[] {
  const parts = partsBelow(resolved.bases, resolved.enable, name ?? ownName());
  const made: CgroupPart[] = [];
  for (const part of parts) {
    try {
      mkdirSync(part.directory);
      made.push(part);
    } catch (error) {
      for (const { directory } of made) rmdirSync(directory);
      if (name === undefined && codeOf(error) === 'EEXIST') return make(resolved, name);
      throw cgroupError({ action: 'create', path: part.directory }, error);
    }
  }
  return parts;
}

/**
 * Checks whether a group could be made, by making it and removing it again: what cannot work on this host is an error before anything is
 * done with it. In v2 what has to be done for it in the group above stays: that passes the controllers on, and this program may be in a leaf of it.
 *
 * Equivalent to: `mkdir GROUP; echo 256M > GROUP/memory.max; rmdir GROUP`. See cgroups(7).
 *
 * @param options - as for {@link openCgroup}. A `name` is only looked at: the group that is made has another.
 * @returns when it is removed.
 * @throws as {@link openCgroup}, and {@link Cgroup.remove}.
 */
export async function checkCgroup(options: CgroupOptions): Promise<void> {
  checkOptions(options);
  const { name, ...others } = options;
  if (name !== undefined) checkNewName(name);
  await (await openCgroup(others)).remove();
}

/**
 * Finds a group that is there, as one that another program has made by name. Nothing is changed.
 *
 * Equivalent to: `ls PARENT/NAME/cgroup.procs`, in each hierarchy, and in v2 `cat PARENT/NAME/cgroup.controllers`. See cgroups(7).
 *
 * @param options - its name, and where it was made: as they were given to {@link openCgroup}.
 * @returns the group, with those of its directories that there are, and without limits that are known; undefined where there is none.
 * @throws SpecError - that is no name; or there is no such parent. Error as {@link cgroupHierarchies}.
 */
export function findCgroup(
  options: Pick<CgroupOptions, 'parent' | 'access'> & { readonly name: string },
): Cgroup | undefined {
  checkOptions(options, ['name', 'parent', 'access']);
  const { name, parent, access } = options;
  checkName(name);
  const known = access ?? cgroupAccess();
  const bases = parent === undefined ? known.bases : basesIn(parent, known);
  const parts = bases
    .map(({ version, controllers, directory }) => ({ version, controllers, directory: `${directory}/${name}` }))
    .filter(({ directory }) => isThere(`${directory}/cgroup.procs`))
    .map((part) => (part.version === 2 ? { ...part, controllers: availableIn(part.directory) } : part));
  return parts.length === 0 ? undefined : new Cgroup(parts, {});
}
