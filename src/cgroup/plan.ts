import type { CgroupRefusal, CgroupValue } from './controllers/controller.js';
import type { CgroupOptions } from './options.js';
import { type CgroupPart, partOf, unifiedPart } from './part.js';
import { resolve } from './resolve.js';
import { movedToEnable } from './v2/enable.js';

/** What would be done to make a group: plain data. See cgroups(7). */
export interface CgroupPlan {
  /** The directories that would be made: mkdir(2). */
  readonly parts: readonly CgroupPart[];
  /**
   * The processes that are moved out of the group above first, into a leaf of it, by `DIRECTORY/cgroup.procs`: this one, and those that it
   * belongs to. Undefined where none are.
   */
  readonly moved?: { readonly directory: string; readonly processes: readonly number[] };
  /** The controllers that the group above passes on to a part of v2: `cgroup.subtree_control`. */
  readonly enable: readonly string[];
  /** What would be written, and where: `path` is the file. */
  readonly values: readonly (CgroupValue & { readonly path: string })[];
  /** What cannot be. {@link openCgroup} fails with the first of them. */
  readonly refusals: readonly CgroupRefusal[];
}

/**
 * Tells what would be done to make a group, and what of it cannot be on this host. Nothing is changed: it reads what {@link cgroupAccess} does,
 * which files the groups have, and in v2 `cgroup.procs` and `cgroup.subtree_control`. See cgroups(7).
 *
 * ```ts
 * const { values, refusals } = planCgroup({ limits: { memory: { max: '256M' } } });
 * for (const { path, value, documentation } of values) console.log(`echo ${value} > ${path}`, documentation);
 * ```
 *
 * @param options - as for {@link openCgroup}. A group without a name is called `isolate-…` here.
 * @returns the directories, the values and their files, and the refusals.
 * @throws SpecError - an option, a name, a limit, a controller or a parent that there is none of. Error as {@link cgroupHierarchies}.
 */
export function planCgroup(options: CgroupOptions): CgroupPlan {
  const { bases, enable, values, refusals } = resolve(options);
  const parts = partsBelow(bases, enable, options.name ?? 'isolate-…');
  const placed = values.flatMap(({ also, ...value }) => {
    const directory = partOf(parts, value.controller)?.directory;
    return [value, ...(also === undefined ? [] : [{ ...value, ...also }])].map((one) => ({
      ...one,
      path: `${directory}/${one.file}`,
    }));
  });
  const base = unifiedPart(bases);
  const room = base && movedToEnable(base.directory, enable, options.moveAll ?? false);
  const moved = room && { directory: room.leaf, processes: room.moved };
  return { parts, ...(moved === undefined ? {} : { moved }), enable, values: placed, refusals };
}

/** The parts of a group below its bases: of v2 with the controllers that it is to have. */
export function partsBelow(bases: readonly CgroupPart[], enable: readonly string[], name: string): CgroupPart[] {
  return bases.map(({ version, controllers, directory }) => ({
    version,
    controllers: version === 2 ? enable : controllers,
    directory: `${directory}/${name}`,
  }));
}
