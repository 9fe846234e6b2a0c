import { existsSync } from 'node:fs';
import { codeOf } from '../../cgroup/files.js';
import { foreignStates } from '../../cgroup/foreign-owners.js';
import { inTurn } from '../../cgroup/in-turn.js';
import type { Cgroup } from '../../cgroup/index.js';
import { type CgroupOwner, isFromHere, ownerOf, stateOfOwner } from '../../cgroup/name.js';
import { isSelfIn } from '../../cgroup/own-place.js';
import { searchGroups } from '../../cgroup/search.js';
import { whyKept } from '../../cgroup/stale.js';
import { openerOf } from './box-group-name.js';

/** A control group that this package has made. */
export interface LiveGroup {
  readonly group: Cgroup;
  /** The pid of the program that made it; undefined where the name does not tell, and where that pid means nothing here. */
  readonly owner: number | undefined;
}

/** The control groups of this package, by whichever program and wherever they are: those of this user, and for root all. */
export function liveGroups(): LiveGroup[] {
  return searchGroups((name) => ownerOf(name) !== undefined || openerOf(name) !== undefined).map((group) => {
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
  const opener = openerOf(group.name);
  const owner = opener ?? ownerOf(group.name);
  return (owner !== undefined && stateOfOwner(owner) === 'lives') || (opener !== undefined && group.isPopulated());
}

/** Undefined where it is to be removed. */
function whyKeptHere(group: Cgroup): string | undefined {
  if (isSelfIn(group.parts)) return 'this program is in it';
  const opener = openerOf(group.name);
  if (opener === undefined) return whyKept(group.name, group.parts);
  return hasEnded(group, opener) ? undefined : `process ${opener.pid} may be opening a box in it`;
}

/** Whether a box is gone. Somebody is in its group from before its opener may end: what is empty after that is so for good. */
function hasEnded(group: Cgroup, opener: CgroupOwner): boolean {
  const state = stateOfOwner(opener);
  const isGone = state === 'elsewhere' ? foreignStates([opener])[0] === 'gone' : state === 'gone';
  return isGone && !group.isPopulated();
}

const notOurs: readonly string[] = ['EACCES', 'EPERM', 'EROFS'];
