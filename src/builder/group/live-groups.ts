import { statSync } from 'node:fs';
import { codeOf } from '../../cgroup/files.js';
import { inTurn } from '../../cgroup/in-turn.js';
import type { Cgroup } from '../../cgroup/index.js';
import { ownerOf, stateOfOwner } from '../../cgroup/name.js';
import { isSelfIn } from '../../cgroup/own-place.js';
import { searchGroups } from '../../cgroup/search.js';
import { isStale } from '../../cgroup/stale.js';
import { IsolateError } from '../../sys/index.js';
import { isTaken } from '../box/names.js';
import { openStateFolder } from '../box/state-folder.js';

/** The group of a detached box tells which one it is of. */
const ofBox = /^isolate-box-([A-Za-z0-9._-]+)-[0-9a-f]{8}$/;

/** A control group that this package has made. */
export interface LiveGroup {
  readonly group: Cgroup;
  /** The pid of the program that made it; undefined where the name does not tell, and where that pid means nothing here. */
  readonly owner: number | undefined;
}

/** The control groups of this package, by whichever program and wherever they are: those of this user, and for root all. */
export function liveGroups(): LiveGroup[] {
  return searchGroups((name) => ownerOf(name) !== undefined || ofBox.test(name)).map((group) => {
    const owner = ownerOf(group.name);
    const isFromHere = owner !== undefined && stateOfOwner(owner) !== 'elsewhere';
    return { group, owner: isFromHere ? owner.pid : undefined };
  });
}

/** What became of the groups that programs have left. */
export interface LeftGroups {
  /** The names of those that were removed. */
  readonly removed: readonly string[];
  /** Why others could not be. */
  readonly failures: readonly unknown[];
}

/**
 * Removes the control groups of programs that are gone, with what is in them; and those of detached boxes that have ended when nobody was there.
 * What this program is in itself stays, and so does what is not this user's to remove.
 */
export async function removeLeftGroups(): Promise<LeftGroups> {
  const groups = liveGroups().map(({ group }) => group);
  const ends = await inTurn(groups, async (group) => {
    if (isSelfIn(group.parts) || !isLeft(group)) return [];
    await group.remove();
    return [group.name];
  });
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  return {
    removed: ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : [])),
    failures: failed.filter((error) => !notOurs.includes(codeOf(error))),
  };
}

const notOurs: readonly string[] = ['EACCES', 'EPERM', 'EROFS'];

function isLeft(group: Cgroup): boolean {
  const [, box] = ofBox.exec(group.name) ?? [];
  return box === undefined ? isStale(group.name, group.parts) : !group.isPopulated() && !mayBeOpening(group, box);
}

/** Nobody is in the group of a box while that is being opened: then its name is taken, among those of the user. */
function mayBeOpening({ paths }: Cgroup, name: string): boolean {
  if (paths.some((path) => statSync(path, { throwIfNoEntry: false })?.uid !== process.geteuid?.())) return true;
  try {
    return isTaken(openStateFolder(), name);
  } catch (error) {
    if (error instanceof IsolateError) return true;
    throw error;
  }
}
