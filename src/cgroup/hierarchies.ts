import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { type Membership, membershipsOf } from './membership.js';

/**
 * A hierarchy of control groups that this process is in, and where it can be seen: a line of `/proc/self/cgroup` with one of
 * `/proc/self/mountinfo`. See cgroups(7), proc_pid_mountinfo(5).
 */
export interface Hierarchy extends Membership {
  /** Where it is mounted; undefined where it is not. */
  readonly mountPoint: string | undefined;
  /** The group that is seen at the mount point, as `path` is: `/`, unless a part of the hierarchy is mounted. */
  readonly root: string | undefined;
  /** Whether that mount, or the file system, is read-only. */
  readonly readOnly: boolean;
  /** The directory of the group that this process is in; undefined where no mount shows it. */
  readonly directory: string | undefined;
  /** Why there is no directory; undefined where there is one. */
  readonly hidden: string | undefined;
}

interface CgroupMount {
  readonly version: 1 | 2;
  /** The controllers, and `name=NAME`, of a hierarchy of v1. */
  readonly options: readonly string[];
  readonly root: string;
  readonly mountPoint: string;
  readonly readOnly: boolean;
}

/**
 * The hierarchies of control groups of this process: from `/proc/self/cgroup` and `/proc/self/mountinfo`, as its cgroup and
 * mount namespaces show them.
 *
 * Equivalent to: `cat /proc/self/cgroup; findmnt -t cgroup,cgroup2`. See cgroups(7), cgroup_namespaces(7).
 *
 * ```ts
 * for (const { version, controllers, directory } of cgroupHierarchies()) console.log(version, controllers, directory);
 * ```
 *
 * @returns one for each hierarchy, also where it is not mounted. None where the kernel has no control groups, or there is no `/proc`.
 * @throws Error ENAMETOOLONG: as {@link membershipsOf}.
 */
export function cgroupHierarchies(): Hierarchy[] {
  if (!existsSync('/proc/self/cgroup')) return [];
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  return membershipsOf('self').map((membership) => place(membership, mounts));
}

/** Finds the mount where a group can be seen. What was mounted last lies on top. */
function place(membership: Membership, mounts: readonly CgroupMount[]): Hierarchy {
  const ofIt = mounts.filter((mount) => isOf(membership, mount)).reverse();
  const seen = ofIt.map((mount) => ({ mount, directory: directoryIn(mount, membership.path) }));
  const there = seen.filter(({ directory }) => directory !== undefined && existsSync(`${directory}/cgroup.procs`));
  const best = there.find(({ mount }) => !mount.readOnly) ?? there[0];
  if (best !== undefined) {
    const { mountPoint, root, readOnly } = best.mount;
    return { ...membership, mountPoint, root, readOnly, directory: best.directory, hidden: undefined };
  }
  const [first] = ofIt;
  const nowhere = { ...membership, readOnly: false, directory: undefined };
  if (first === undefined) return { ...nowhere, mountPoint: undefined, root: undefined, hidden: 'it is not mounted' };
  const { mountPoint, root } = first;
  const hidden = `what is mounted at ${mountPoint} does not show the group ${membership.path}: it is from outside of this cgroup namespace`;
  return { ...nowhere, mountPoint, root, hidden };
}

function isOf({ version, controllers, name }: Membership, mount: CgroupMount): boolean {
  if (version !== mount.version) return false;
  if (version === 2) return true;
  return name === undefined
    ? controllers.length > 0 && controllers.every((controller) => mount.options.includes(controller))
    : mount.options.includes(`name=${name}`);
}

/** The directory of a group below a mount; undefined where the mount does not show it. */
export function directoryIn(
  { root, mountPoint }: Pick<CgroupMount, 'root' | 'mountPoint'>,
  path: string,
): string | undefined {
  // Of a group above the root of the namespace only the distance is known, and no name.
  if (/^\/\.\.(\/|$)/.test(root) && root !== path) return undefined;
  const below = posix.relative(root, path);
  return below === '..' || below.startsWith('../') ? undefined : posix.join(mountPoint, below);
}

/** The mounts of control groups in a mountinfo file: proc_pid_mountinfo(5). */
function parseMounts(text: string): CgroupMount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = '', options = ''] = before.split(' ');
    const [type, , superOptions = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const all = superOptions.split(',');
    return {
      version: type === 'cgroup2' ? 2 : 1,
      options: all,
      root: unescaped(root),
      mountPoint: unescaped(mountPoint),
      readOnly: options.split(',').includes('ro') || all.includes('ro'),
    } as const;
  });
}

/** Spaces and the like are in octal: `\040`. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
