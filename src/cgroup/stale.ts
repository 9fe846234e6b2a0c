import { readdirSync } from 'node:fs';
import { type CgroupAccess, cgroupAccess } from './access.js';
import { basesIn } from './bases-in.js';
import { ownerOf, stateOfOwner } from './name.js';
import type { CgroupPart } from './part.js';
import { removeParts } from './remove.js';
import type { CgroupOptions } from './resolve.js';

/**
 * Removes groups that programs have left behind which ended without removing them, as by SIGKILL, and kills what is in them. A
 * group without a name of its own tells who made it (`isolate-PID-STARTTIME-…`); those of programs that live, of other PID
 * namespaces, and those that were given a name are left alone.
 *
 * ```ts
 * const removed = await removeStaleCgroups();
 * ```
 *
 * @param options - where to look: in `parent`, or where {@link openCgroup} makes groups if not given.
 * @returns the names of the groups that were removed.
 * @throws CgroupError - one cannot be removed; the others are.
 */
export async function removeStaleCgroups(options: Pick<CgroupOptions, 'parent' | 'access'> = {}): Promise<string[]> {
  const access: CgroupAccess = options.access ?? cgroupAccess();
  const bases = options.parent === undefined ? access.bases : basesIn(options.parent, access);
  const stale = new Map<string, CgroupPart[]>();
  for (const { version, controllers, directory, refused } of bases) {
    if (refused !== undefined) continue;
    for (const name of staleIn(directory)) {
      const part = { version, controllers, directory: `${directory}/${name}` };
      stale.set(name, [...(stale.get(name) ?? []), part]);
    }
  }
  const ends = await Promise.allSettled([...stale.values()].map((parts) => removeParts(parts, 5000)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return [...stale.keys()];
}

function staleIn(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries
    .map(({ name }) => name)
    .filter((name) => {
      const owner = ownerOf(name);
      return owner !== undefined && stateOfOwner(owner) === 'gone';
    });
}
