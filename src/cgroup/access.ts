import { accessSync, constants } from 'node:fs';
import {
  type CgroupVersion,
  type ControllerName,
  controllerNames,
  kernelName,
  type Problem,
} from './controllers/controller.js';
import { howToHaveOne } from './delegation.js';
import { codeOf, readIfThere } from './files.js';
import { cgroupHierarchies, type Hierarchy } from './hierarchies.js';
import type { CgroupPart } from './part.js';
import { availableIn, managedBySystemd, unifiedBase } from './v2/base.js';

/** The group of a hierarchy below which this process may make others; or why it may not. See cgroups(7). */
export interface CgroupBase extends CgroupPart {
  /** Why it may not; undefined where it may. */
  readonly refused: Problem | undefined;
}

/** What can be done with a controller: where it is, or why it cannot be used. */
export type ControllerAccess =
  | { readonly usable: true; readonly version: 1 | 2; readonly directory: string }
  | ({ readonly usable: false } & Problem);

/** What this process may do with control groups. See cgroups(7). */
export interface CgroupAccess {
  /** `unified`: all of it is v2. `legacy`: all is v1. `hybrid`: controllers of v1, and v2 beside them. */
  readonly layout: 'unified' | 'hybrid' | 'legacy' | 'none';
  /** One for each hierarchy that is mounted; of v1, for those that have controllers. */
  readonly bases: readonly CgroupBase[];
  /** Each controller that this package knows, and where it can be used or why it cannot. */
  readonly controllers: Readonly<Record<ControllerName, ControllerAccess>>;
}

/**
 * What this process may do with control groups: which version is here, below which groups it may make others, and which controllers
 * it can use, each with the reason where it cannot. Nothing is changed.
 *
 * Equivalent to: `cat /proc/self/cgroup /proc/self/mountinfo /proc/cgroups GROUP/cgroup.controllers`; access(2) for writing of the directory, and in v2
 * of `cgroup.procs` and `cgroup.subtree_control`; and where systemd runs (`/run/systemd/system`) `getfattr -n user.delegate GROUP`, or
 * `trusted.delegate`, of its unit.
 *
 * In v2 a group is ours if this user may write to it and systemd, where there is one, has delegated it. See cgroups(7), and
 * https://systemd.io/CGROUP_DELEGATION.
 *
 * ```ts
 * const { layout, controllers } = cgroupAccess();
 * if (!controllers.memory.usable) console.log(layout, controllers.memory.problem, controllers.memory.help);
 * ```
 *
 * @returns what is so now: moving this process may change it.
 * @throws Error as {@link cgroupHierarchies}.
 */
export function cgroupAccess(): CgroupAccess {
  const hierarchies = cgroupHierarchies();
  return accessWith(hierarchies.flatMap(baseOf), hierarchies);
}

/** What can be done where groups are made below these. */
export function accessWith(bases: readonly CgroupBase[], hierarchies: readonly Hierarchy[]): CgroupAccess {
  return { layout: layoutOf(hierarchies), bases, controllers: controllersIn(bases, hierarchies) };
}

/** What can be used of some bases. */
function controllersIn(bases: readonly CgroupBase[], hierarchies: readonly Hierarchy[]): CgroupAccess['controllers'] {
  const entries = controllerNames.map((name) => [name, controllerIn(name, bases, hierarchies)]);
  return Object.fromEntries(entries) as Record<ControllerName, ControllerAccess>;
}

function layoutOf(hierarchies: readonly Hierarchy[]): CgroupAccess['layout'] {
  const there = hierarchies.filter(({ mountPoint }) => mountPoint !== undefined);
  const hasUnified = there.some(({ version }) => version === 2);
  const hasLegacy = there.some(({ version, controllers }) => version === 1 && controllers.length > 0);
  if (hasUnified) return hasLegacy ? 'hybrid' : 'unified';
  return hasLegacy ? 'legacy' : 'none';
}

/** Hierarchies of v1 without controllers are of programs that keep track of processes in them. */
export function baseOf(hierarchy: Hierarchy): CgroupBase[] {
  const { version, controllers, mountPoint, hidden } = hierarchy;
  if (mountPoint === undefined || (version === 1 && controllers.length === 0)) return [];
  if (hierarchy.directory === undefined) {
    const refused = { problem: hidden ?? 'it is hidden', help: 'mount it anew: `mount -t cgroup2 none DIRECTORY`' };
    return [{ version, controllers, directory: mountPoint, refused }];
  }
  if (version === 1) {
    const { directory } = hierarchy;
    return [{ version, controllers, directory, refused: notWritable(directory, version) }];
  }
  const directory = unifiedBase(hierarchy.directory);
  const refused = notWritable(directory, version) ?? managedBySystemd(directory, hierarchy);
  return [{ version, controllers: availableIn(directory), directory, refused }];
}

/** Why groups cannot be made in a directory. In v2 they get their processes and controllers by files of that. */
export function notWritable(directory: string, version: CgroupVersion): Problem | undefined {
  const files = version === 2 ? ['cgroup.procs', 'cgroup.subtree_control'] : [];
  for (const path of [directory, ...files.map((file) => `${directory}/${file}`)]) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      return whyNot(path, codeOf(error), version);
    }
  }
  return undefined;
}

function whyNot(path: string, code: string, version: CgroupVersion): Problem {
  if (code === 'EROFS') {
    return {
      problem: `${path} is mounted read-only`,
      help: 'in a container ask for a writable file system of control groups: with docker `--cgroupns=private` and `--privileged`',
    };
  }
  if (code === 'ENOENT') return { problem: `there is no ${path}` };
  return { problem: `this user may not write to ${path}`, help: howToHaveOne(version) };
}

function controllerIn(
  name: ControllerName,
  bases: readonly CgroupBase[],
  hierarchies: readonly Hierarchy[],
): ControllerAccess {
  const base = bases.find(({ version, controllers }) => controllers.includes(kernelName(name, version)));
  if (base !== undefined) {
    const { version, directory, refused } = base;
    return refused === undefined ? { usable: true, version, directory } : { usable: false, ...refused };
  }
  return { usable: false, ...whyNowhere(name, bases, hierarchies) };
}

/** The line of `/proc/cgroups`: `NAME HIERARCHY GROUPS ENABLED`. */
function lineOf(name: string): string[] | undefined {
  const lines = (readIfThere('/proc/cgroups') ?? '').split('\n').map((line) => line.split('\t'));
  return lines.find(([first]) => first === name);
}

function whyNowhere(name: ControllerName, bases: readonly CgroupBase[], hierarchies: readonly Hierarchy[]): Problem {
  const line = lineOf(kernelName(name, 1)) ?? lineOf(name);
  if (line === undefined) return { problem: `this kernel has no ${name} controller` };
  if (line[3] === '0')
    return { problem: `the ${name} controller was switched off at boot`, help: `cgroup_disable=${name}` };
  if (hierarchies.some(({ version, controllers }) => version === 1 && controllers.includes(kernelName(name, 1)))) {
    return { problem: `the ${name} controller is in a hierarchy of cgroup v1 that is not mounted here` };
  }
  const unified = bases.find(({ version }) => version === 2);
  if (unified === undefined) {
    const help = `mount -t cgroup2 none DIRECTORY, or mount -t cgroup -o ${kernelName(name, 1)} none DIRECTORY`;
    return { problem: `the ${name} controller is not mounted`, help };
  }
  return {
    problem: `the groups above ${unified.directory} do not pass the ${name} controller on`,
    help: `\`Delegate=${name}\` in the unit of systemd above (user@.service), or as root \`echo +${name} > …/cgroup.subtree_control\` in each`,
  };
}
