import { readdirSync } from 'node:fs';
import { type CgroupAccess, cgroupAccess } from './access.js';
import { basesIn } from './bases-in.js';
import { foreignStates } from './foreign-owners.js';
import { inTurn } from './in-turn.js';
import { type CgroupOwner, isFromHere, ownerOf, stateOfOwner } from './name.js';
import type { CgroupOptions } from './options.js';
import type { CgroupPart } from './part.js';
import { groupsBelow, processesIn } from './processes.js';
import { removeParts } from './remove.js';
import { Patience, usualDeadline } from './waiting.js';

/**
 * Removes groups that programs have left behind which ended without removing them, as by SIGKILL, and kills what is in them. A
 * group without a name of its own tells who made it (`isolate-PID-STARTTIME-…`); those of programs that live, of other PID
 * namespaces, those in which programs that live have made groups, and those that were given a name are left alone. A group of a made-up name
 * keeps none that it is in, as far as that can be told.
 *
 * Equivalent to: `kill -0 PID || { echo 1 > isolate-PID-…/cgroup.kill; rmdir isolate-PID-…; }` for each; when a process was started is in
 * `/proc/PID/stat`. `isolate gc` does it wherever the groups are. See cgroups(7), proc_pid_stat(5).
 *
 * ```ts
 * const removed = await removeStaleCgroups();
 * ```
 *
 * @param options - where to look: in `parent`, or where {@link openCgroup} makes groups if not given.
 * @returns the names of the groups that were removed.
 * @throws CgroupError as {@link Cgroup.remove}: one cannot be removed; the others are. Error EACCES: one cannot be looked into. SpecError - there is
 * no such parent.
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

/** Whether a group is of a program that is gone, and no other keeps it. */
export function isStale(name: string, parts: readonly CgroupPart[]): boolean {
  return ownerOf(name) !== undefined && whyKept(name, parts) === undefined;
}

/**
 * Why a group is kept whose name tells who made it: that lives, or nobody can tell; or another program that lives has made a group in it, whose
 * processes would go with it. What is in a group can make others and name them as it likes: a name for which there is no program keeps nothing;
 * where that cannot be told, it does if processes are in there.
 *
 * @returns undefined: it is left for good.
 */
export function whyKept(name: string, parts: readonly CgroupPart[]): string | undefined {
  const owner = ownerOf(name);
  const state = owner && stateOfOwner(owner);
  if (owner === undefined || state === 'lives') return `process ${owner?.pid} lives, which made it`;
  if (state === 'elsewhere') return `it is of process ${owner.pid} ${notTold}`;
  const foreign: Claim[] = [];
  for (const claim of parts.flatMap(claimsIn)) {
    if (claim.state === 'lives') return `process ${claim.owner.pid} lives, which made ${claim.name} in it`;
    foreign.push(claim);
  }
  // They are looked for when all names are known: who is not there then has made none of them.
  const states = foreignStates(foreign.map((claim) => claim.owner));
  const keeping = foreign.find(
    ({ isBacked }, index) => states[index] === 'lives' || (states[index] === 'unknown' && isBacked),
  );
  if (keeping === undefined) return undefined;
  const isAlive = states[foreign.indexOf(keeping)] === 'lives';
  const { pid } = keeping.owner;
  return isAlive
    ? `process ${pid} of another PID namespace lives, which made ${keeping.name} in it`
    : `${keeping.name} in it is of process ${pid} ${notTold}`;
}

const notTold = 'of another PID namespace or user, and from here nobody can tell whether that lives';

/** A group in another, whose name says that some program made it. */
interface Claim {
  readonly name: string;
  readonly owner: CgroupOwner;
  readonly state: 'lives' | 'elsewhere';
  /** Whether more than the name speaks for it, where the owner cannot be looked for: processes are in it, or one has the number of its owner. */
  readonly isBacked: boolean;
}

/** Of programs that may live. */
function claimsIn(part: CgroupPart): Claim[] {
  const claims: Claim[] = [];
  for (const { name, path } of groupsBelow(part.directory)) {
    const owner = ownerOf(name);
    const state = owner && stateOfOwner(owner);
    if (owner === undefined || state === undefined || state === 'gone') continue;
    const isPopulated = () => processesIn([{ ...part, directory: path.toString() }]).length > 0;
    claims.push({ name, owner, state, isBacked: isFromHere(owner) || isPopulated() });
  }
  return claims;
}
