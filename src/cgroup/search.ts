import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, posix } from 'node:path';
import { Cgroup } from './group.js';
import { cgroupHierarchies } from './hierarchies.js';
import type { CgroupPart } from './part.js';
import { withRights } from './rights.js';
import { availableIn } from './v2/base.js';

/** How many levels of groups are looked through. Systemd and a container in a container make some ten of them. */
const deepest = 24;

/**
 * Finds groups by their names wherever they are, in all hierarchies that are mounted: root finds all of them, another user its own. Parts of the
 * same name and user in several hierarchies are one group, so only names that there is one of should be wanted.
 *
 * Equivalent to: `find /sys/fs/cgroup -type d -user UID -name …`.
 */
export function searchGroups(isWanted: (name: string) => boolean): Cgroup[] {
  const uid = process.geteuid?.() ?? 0;
  const found = new Map<string, FoundPart[]>();
  for (const { version, controllers, mountPoint, root } of cgroupHierarchies()) {
    if (mountPoint === undefined || (version === 1 && controllers.length === 0)) continue;
    for (const directory of directoriesBelow(mountPoint, deepest)) {
      const name = basename(directory);
      if (!isWanted(name)) continue;
      const owner = ownerIdOf(directory);
      if (owner === undefined || (uid !== 0 && owner !== uid)) continue;
      const part = { version, controllers: version === 2 ? availableIn(directory) : controllers, directory };
      const place = posix.join(root ?? '/', directory.slice(mountPoint.length));
      const key = `${name} ${owner}`;
      found.set(key, [...(found.get(key) ?? []), { part, hierarchy: mountPoint, place }]);
    }
  }
  const sorted = [...found].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.flatMap(([, parts]) => apart(parts)).map((parts) => new Cgroup(parts, {}));
}

interface FoundPart {
  readonly part: CgroupPart;
  readonly hierarchy: string;
  /** The path in the hierarchy. */
  readonly place: string;
}

/**
 * Parts of one name and of one user are one group, wherever in each hierarchy that user has its place. Where a hierarchy has two of them, those
 * belong together that are at the same place.
 */
function apart(found: readonly FoundPart[]): CgroupPart[][] {
  const isOne = new Set(found.map(({ hierarchy }) => hierarchy)).size === found.length;
  if (isOne) return [found.map(({ part }) => part)];
  const places = [...new Set(found.map(({ place }) => place))];
  return places.map((wanted) => found.filter(({ place }) => place === wanted).map(({ part }) => part));
}

/** No longer path than that is followed: PATH_MAX of the kernel, less what a file in the group is called. What is below goes with those above. */
const longestPath = 4096 - 256;

/** The directories below one, and nothing that a link leads to. */
function* directoriesBelow(directory: string, levels: number): Generator<string> {
  if (levels === 0) return;
  for (const entry of entriesOf(directory)) {
    if (!entry.isDirectory()) continue;
    const below = `${directory}/${entry.name}`;
    if (Buffer.byteLength(below) > longestPath) continue;
    yield below;
    yield* directoriesBelow(below, levels - 1);
  }
}

/** None of what is gone meanwhile, or what this user may not look into. */
function entriesOf(directory: string): Dirent[] {
  try {
    return withRights(directory, () => readdirSync(directory, { withFileTypes: true }));
  } catch {
    return [];
  }
}

function ownerIdOf(directory: string): number | undefined {
  try {
    return withRights(directory, () => statSync(directory)).uid;
  } catch {
    return undefined;
  }
}
