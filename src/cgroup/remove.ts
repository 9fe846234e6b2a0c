import { rmdirSync } from 'node:fs';
import { CgroupError, cgroupError } from './errors.js';
import { codeOf } from './files.js';
import { killAll } from './kill.js';
import type { CgroupPart } from './part.js';
import { groupsBelow, processesIn } from './processes.js';
import { withRights } from './rights.js';
import { type Patience, waitUntil } from './waiting.js';

/**
 * Kills what is in a group and removes it with all below. A process that has ended holds its group for a moment longer, so it is tried
 * again while the patience lasts.
 */
export async function removeParts(parts: readonly CgroupPart[], patience: Patience): Promise<void> {
  if (areRemoved(parts)) return;
  await killAll(parts, patience);
  if (await waitUntil(() => tryRemove(parts), patience)) return;
  const left = processesIn(parts);
  const problem = `not within ${patience.whole} ms${left.length === 0 ? '' : `: there are ${left.join(', ')}`}`;
  throw new CgroupError({ action: 'remove', path: parts[0]?.directory ?? '' }, 'EBUSY', problem);
}

/** Whether nothing is left of groups that have none below, as most. What lives in others is killed before they are walked through. */
function areRemoved(parts: readonly CgroupPart[]): boolean {
  return parts.map(({ directory }) => isRemoved(directory, directory)).every((gone) => gone);
}

/** Whether nothing is left. */
function tryRemove(parts: readonly CgroupPart[]): boolean {
  return parts.map(({ directory }) => isTreeRemoved(directory)).every((gone) => gone);
}

function isTreeRemoved(directory: string): boolean {
  let isGone = true;
  for (const { path } of groupsBelow(directory)) isGone = isRemoved(path, directory) && isGone;
  return isGone;
}

/** @param directory - what an error tells: the group, or the one that it is below. */
function isRemoved(path: string | Buffer, directory: string): boolean {
  try {
    withRights(path, () => rmdirSync(path));
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENODEV') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    throw cgroupError({ action: 'remove', path: directory }, error);
  }
}
