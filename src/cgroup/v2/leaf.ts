import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { parentOf } from '../../sys/index.js';
import { CgroupError, cgroupError } from '../errors.js';
import { codeOf, readNumbersOf, write } from '../files.js';

/** The group that processes move into, to make room for groups beside it. */
export const leafName = 'isolate-self';

/** Processes may be started while others are moved. */
const mostTimes = 20;

/**
 * Moves this process and its family (what started it, and what that started) out of a group and into a leaf below: a group with
 * processes of its own can pass no controllers on. See cgroups(7), "no internal processes" rule. What else is in the group is moved only if
 * all are to be.
 *
 * Equivalent to: `mkdir isolate-self; echo PID > isolate-self/cgroup.procs`.
 *
 * @throws CgroupError EBUSY: there are others, of other families.
 */
export async function makeRoom(directory: string, moveAll: boolean): Promise<void> {
  for (let times = 0; times < mostTimes; times++) {
    const { leaf, moved, inTheWay } = roomIn(directory, moveAll);
    if (inTheWay.length > 0) throw occupied(directory, inTheWay);
    if (moved.length === 0) return;
    makeLeaf(leaf);
    for (const pid of moved) await moveInto(leaf, pid);
  }
}

/** What it takes to empty a group of processes. */
export interface Room {
  readonly leaf: string;
  /** Those that are moved there. */
  readonly moved: readonly number[];
  /** Those that are not ours to move. */
  readonly inTheWay: readonly number[];
}

/** What it takes to empty a group, as it is now. */
export function roomIn(directory: string, moveAll: boolean): Room {
  const leaf = `${directory}/${leafName}`;
  const there = readNumbersOf(`${directory}/cgroup.procs`);
  if (there.length === 0 || moveAll) return { leaf, moved: there, inTheWay: [] };
  const ours = familyIn(there);
  return { leaf, moved: there.filter((pid) => ours.has(pid)), inTheWay: there.filter((pid) => !ours.has(pid)) };
}

/** Of some processes those that descend from the first that this one descends from: itself, its children, the shell that started it. */
function familyIn(pids: readonly number[]): Set<number> {
  const there = new Set(pids);
  const first = lineOf(process.pid).findLast((pid) => there.has(pid)) ?? process.pid;
  return new Set(pids.filter((pid) => lineOf(pid).includes(first)));
}

/** A process and those that it descends from. */
function lineOf(pid: number): number[] {
  const line: number[] = [];
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parentOf(at)) line.push(at);
  return line;
}

function makeLeaf(leaf: string): void {
  if (existsSync(leaf)) return;
  try {
    mkdirSync(leaf);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw cgroupError({ action: 'create', path: leaf }, error);
  }
}

/** Who has ended meanwhile need not be moved. */
async function moveInto(leaf: string, pid: number): Promise<void> {
  try {
    await write(`${leaf}/cgroup.procs`, String(pid));
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw cgroupError({ action: 'attach', path: leaf, value: String(pid) }, error);
  }
}

function occupied(directory: string, pids: readonly number[]): CgroupError {
  const shown = pids.slice(0, 5).map((pid) => `${pid} (${nameOf(pid)})`);
  const problem = `it has processes that are not ours: ${shown.join(', ')}${pids.length > shown.length ? ', …' : ''}`;
  const help =
    'give this program a group of its own (`systemd-run --user --scope -p Delegate=yes COMMAND`), or move them with `moveAll`';
  return new CgroupError({ action: 'enable', path: `${directory}/cgroup.subtree_control`, help }, 'EBUSY', problem);
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '?';
  }
}
