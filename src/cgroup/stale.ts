import { readdirSync } from 'node:fs';
import { type CgroupAccess, cgroupAccess } from './access.js';
import { basesIn } from './bases-in.js';
import { inTurn } from './in-turn.js';
import { ownerOf, stateOfOwner } from './name.js';
import type { CgroupPart } from './part.js';
import { groupsBelow } from './processes.js';
import { removeParts } from './remove.js';
import type { CgroupOptions } from './resolve.js';
import { Patience, usualDeadline } from './waiting.js';

/**
 * Removes groups that programs have left behind which ended without removing them, as by SIGKILL, and kills what is in them. A
 * group without a name of its own tells who made it (`isolate-PID-STARTTIME-…`); those of programs that live, of other PID
 * namespaces, those in which such programs have made groups, and those that were given a name are left alone.
 *
 * ```ts
 * const removed = await removeStaleCgroups();
 * ```
 *
 * @param options - where to look: in `parent`, or where {@link openCgroup} makes groups if not given.
 * @returns the names of the groups that were removed.
 * @throws CgroupError - one cannot be looked into or removed; the others are.
 */
export function removeStaleCgroups(options: Pick<CgroupOptions, 'parent' | 'access'> = {}): Promise<string[]> {
  return removeStale(options, () => new Patience(usualDeadline));
}

/** The same, with so much patience for each. */
export async function removeStale(
  options: Pick<CgroupOptions, 'parent' | 'access'>,
  patience: () => Patience,
): Promise<string[]> {
  const access: CgroupAccess = options.access ?? cgroupAccess();
  const bases = options.parent === undefined ? access.bases : basesIn(options.parent, access);
  const found = new Map<string, CgroupPart[]>();
  for (const { version, controllers, directory, refused } of bases) {
    if (refused !== undefined) continue;
    for (const name of ownedIn(directory)) {
      const part = { version, controllers, directory: `${directory}/${name}` };
      found.set(name, [...(found.get(name) ?? []), part]);
    }
  }
  const ends = await inTurn([...found], async ([name, parts]) => {
    if (!isStale(name, parts)) return [];
    await removeParts(parts, patience());
    return [name];
  });
  return ends.flatMap((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

/** The groups in another whose names tell who made them. */
function ownedIn(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && ownerOf(entry.name) !== undefined).map(({ name }) => name);
}

/**
 * Whether a group is of a program that is gone, and all that is below it, too: programs that live may have made groups in it, whose processes would
 * go with it.
 */
export function isStale(name: string, parts: readonly CgroupPart[]): boolean {
  const owner = ownerOf(name);
  if (owner === undefined || stateOfOwner(owner) !== 'gone') return false;
  return parts.every(({ directory }) => {
    for (const below of groupsBelow(directory)) {
      const ownerBelow = ownerOf(below.name);
      if (ownerBelow !== undefined && stateOfOwner(ownerBelow) !== 'gone') return false;
    }
    return true;
  });
}
