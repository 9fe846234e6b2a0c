import { CgroupError, cgroupError } from './errors.js';
import { isThere, readIfThere, readKeyed, write } from './files.js';
import { type CgroupPart, legacyPart, unifiedPart } from './part.js';
import { refuseOwn } from './refuse-own.js';
import { type Patience, waitUntil } from './waiting.js';

/** How a group is stopped and set going: a file, and what tells that it is so. */
interface Freezer {
  /** Where it is: only who is in there is stopped. */
  readonly part: CgroupPart;
  readonly path: string;
  readonly frozen: string;
  readonly thawed: string;
  readonly isFrozen: () => boolean;
}

/** The freezer of v2 where there is one (Linux 5.2), or that of v1. */
function freezerOf(parts: readonly CgroupPart[]): Freezer | undefined {
  const unified = unifiedPart(parts);
  const path = `${unified?.directory}/cgroup.freeze`;
  if (unified !== undefined && isThere(path)) {
    const isFrozen = () => readKeyed(`${unified.directory}/cgroup.events`)?.frozen === 1;
    return { part: unified, path, frozen: '1', thawed: '0', isFrozen };
  }
  const legacy = legacyPart(parts, 'freezer');
  if (legacy === undefined) return undefined;
  const state = `${legacy.directory}/freezer.state`;
  const isFrozen = () => readIfThere(state)?.trim() === 'FROZEN';
  return { part: legacy, path: state, frozen: 'FROZEN', thawed: 'THAWED', isFrozen };
}

export function canFreeze(parts: readonly CgroupPart[]): boolean {
  return freezerOf(parts) !== undefined;
}

/** Whether what is in a group is stopped by the freezer of v1, its own or one above: no signal ends it then, other than in v2. */
export function isFrozenForGood(parts: readonly CgroupPart[]): boolean {
  const freezer = legacyPart(parts, 'freezer');
  return freezer !== undefined && (readIfThere(`${freezer.directory}/freezer.state`)?.trim() ?? 'THAWED') !== 'THAWED';
}

/**
 * Stops all processes of a group, and waits until they have stopped: `most` milliseconds, if not for all of the patience. A group that this program
 * itself is in is refused.
 */
export async function freeze(parts: readonly CgroupPart[], patience: Patience, most = patience.left): Promise<void> {
  const freezer = freezerOrThrow(parts);
  refuseOwn('freeze', [freezer.part]);
  await set(freezer, freezer.frozen);
  if (await waitUntil(freezer.isFrozen, patience, most)) return;
  await set(freezer, freezer.thawed);
  const help = 'a process is in an uninterruptible sleep, or stopped by ptrace: the group runs again';
  const { path, frozen: value } = freezer;
  throw new CgroupError({ action: 'freeze', path, value, help }, 'ETIMEDOUT', `not within ${patience.whole} ms`);
}

/** Lets them go on. */
export async function thaw(parts: readonly CgroupPart[]): Promise<void> {
  const freezer = freezerOrThrow(parts);
  await set(freezer, freezer.thawed);
}

async function set({ path }: Freezer, value: string): Promise<void> {
  try {
    await write(path, value);
  } catch (error) {
    throw cgroupError({ action: 'freeze', path, value }, error);
  }
}

function freezerOrThrow(parts: readonly CgroupPart[]): Freezer {
  const freezer = freezerOf(parts);
  if (freezer !== undefined) return freezer;
  const path = parts[0]?.directory ?? '';
  if (!isThere(path)) throw new CgroupError({ action: 'freeze', path }, 'ENOENT');
  const help = 'it takes cgroup v2 of Linux 5.2, or the freezer hierarchy of v1';
  throw new CgroupError({ action: 'freeze', path, help }, 'EOPNOTSUPP');
}
