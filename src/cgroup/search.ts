import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { Cgroup } from './group.js';
import { cgroupHierarchies } from './hierarchies.js';
import type { CgroupPart } from './part.js';
import { availableIn } from './v2/base.js';

/** How many levels of groups are looked through. Systemd and a container in a container make some ten of them. */
const deepest = 24;

/**
 * Finds groups by their names wherever they are, in all hierarchies that are mounted: root finds all of them, another user its own. Parts of the
 * same name in several hierarchies are one group, so only names that there is one of should be wanted.
 *
 * Equivalent to: `find /sys/fs/cgroup -type d -user UID -name …`.
 */
export function searchGroups(isWanted: (name: string) => boolean): Cgroup[] {
  const uid = process.geteuid?.() ?? 0;
  const found = new Map<string, CgroupPart[]>();
  for (const { version, controllers, mountPoint } of cgroupHierarchies()) {
    if (mountPoint === undefined || (version === 1 && controllers.length === 0)) continue;
    for (const directory of directoriesBelow(mountPoint, deepest)) {
      const name = basename(directory);
      if (!isWanted(name) || (uid !== 0 && ownerIdOf(directory) !== uid)) continue;
      const part = { version, controllers: version === 2 ? availableIn(directory) : controllers, directory };
      found.set(name, [...(found.get(name) ?? []), part]);
    }
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, parts]) => new Cgroup(parts, {}));
}

/** The directories below one, and nothing that a link leads to. */
function* directoriesBelow(directory: string, levels: number): Generator<string> {
  if (levels === 0) return;
  for (const entry of entriesOf(directory)) {
    if (!entry.isDirectory()) continue;
    const below = `${directory}/${entry.name}`;
    yield below;
    yield* directoriesBelow(below, levels - 1);
  }
}

/** None of what is gone meanwhile, or what this user may not look into. */
function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function ownerIdOf(directory: string): number | undefined {
  return statSync(directory, { throwIfNoEntry: false })?.uid;
}
