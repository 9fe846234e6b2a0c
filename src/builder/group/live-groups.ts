import { existsSync, statSync } from 'node:fs';
import { codeOf } from '../../cgroup/files.js';
import { inTurn } from '../../cgroup/in-turn.js';
import type { Cgroup } from '../../cgroup/index.js';
import { isFromHere, ownerOf, stateOfOwner } from '../../cgroup/name.js';
import { isSelfIn } from '../../cgroup/own-place.js';
import { searchGroups } from '../../cgroup/search.js';
import { whyKept } from '../../cgroup/stale.js';
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
    return { group, owner: owner !== undefined && isFromHere(owner) ? owner.pid : undefined };
  });
}

/** What became of the groups that programs have left. */
export interface LeftGroups {
  /** The names of those that were removed. */
  readonly removed: readonly string[];
  /** Those that may have been left, and stay. */
  readonly kept: readonly KeptGroup[];
  /** Why others could not be. */
  readonly failures: readonly unknown[];
}

/** A group that is not removed. */
export interface KeptGroup {
  readonly name: string;
  readonly reason: string;
}

/**
 * Removes the control groups of programs that are gone, with what is in them; and those of detached boxes that have ended when nobody was there.
 * What this program is in itself stays, and so does what is not this user's to remove.
 */
export async function removeLeftGroups(): Promise<LeftGroups> {
  const groups = liveGroups().map(({ group }) => group);
  const [removed, kept]: [string[], KeptGroup[]] = [[], []];
  const ends = await inTurn(groups, async (group) => {
    const { name } = group;
    try {
      if (lives(group)) return;
      const reason = whyKeptHere(group);
      if (reason !== undefined) return void kept.push({ name, reason });
      await group.remove();
      removed.push(name);
    } catch (error) {
      if (!notOurs.includes(codeOf(error))) throw error;
      kept.push({ name, reason: 'it is not for this user to remove' });
    }
  });
  const isThere = new Set(groups.filter(({ paths }) => paths.some((path) => existsSync(path))).map(({ name }) => name));
  return {
    removed,
    // What is in one that was removed is gone with it.
    kept: kept.filter(({ name }) => isThere.has(name)),
    failures: ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : [])),
  };
}

/** Whether a group is in use, which is no news. */
function lives(group: Cgroup): boolean {
  const owner = ownerOf(group.name);
  return owner === undefined ? group.isPopulated() : stateOfOwner(owner) === 'lives';
}

/** Undefined where it is to be removed. */
function whyKeptHere(group: Cgroup): string | undefined {
  if (isSelfIn(group.parts)) return 'this program is in it';
  const [, box] = ofBox.exec(group.name) ?? [];
  if (box === undefined) return whyKept(group.name, group.parts);
  return mayBeOpening(group, box) ? `it is of the box ${box}, which somebody may be opening` : undefined;
}

const notOurs: readonly string[] = ['EACCES', 'EPERM', 'EROFS'];

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
