import { readdirSync } from 'node:fs';
import { type Cgroup, cgroupAccess, findCgroup, removeStaleCgroups } from '../../cgroup/index.js';

/** How the names of groups of this package begin; those of detached boxes tell which box it is. */
const ofPackage = /^isolate-(?!self$)/;
const ofBox = /^isolate-box-/;

/** The control groups of this package that are there, by whichever program, beside that of this program. */
export function liveGroups(): Cgroup[] {
  const access = cgroupAccess();
  const names = access.bases
    .filter(({ refused }) => refused === undefined)
    .flatMap(({ directory }) => readdirSync(directory, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && ofPackage.test(entry.name))
    .map(({ name }) => name);
  return [...new Set(names)].sort().flatMap((name) => findCgroup({ name, access }) ?? []);
}

/**
 * Removes the control groups of programs that are gone, with what is in them; and those of detached boxes that have ended when nobody was there.
 *
 * @returns their names.
 */
export async function removeLeftGroups(): Promise<string[]> {
  const removed = await removeStaleCgroups();
  for (const group of liveGroups()) {
    if (!ofBox.test(group.name) || group.isPopulated()) continue;
    await group.remove();
    removed.push(group.name);
  }
  return removed;
}
