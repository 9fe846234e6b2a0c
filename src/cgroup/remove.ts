import { rmdirSync } from 'node:fs';
import { CgroupError, cgroupError } from './errors.js';
import { codeOf } from './files.js';
import { killAll } from './kill.js';
import type { CgroupPart } from './part.js';
import { groupsBelow, processesIn } from './processes.js';
import { waitUntil } from './waiting.js';

/**
 * Kills what is in a group and removes it with all below. A process that has ended holds its group for a moment longer, so it is tried
 * again until the deadline.
 */
export async function removeParts(parts: readonly CgroupPart[], deadline: number): Promise<void> {
  const end = performance.now() + deadline;
  if (tryRemove(parts)) return;
  await killAll(parts, deadline);
  if (await waitUntil(() => tryRemove(parts), Math.max(0, end - performance.now()))) return;
  const left = processesIn(parts);
  const problem = `not within ${deadline} ms${left.length === 0 ? '' : `: there are ${left.join(', ')}`}`;
  throw new CgroupError({ action: 'remove', path: parts[0]?.directory ?? '' }, 'EBUSY', problem);
}

/** Whether nothing is left. Most groups have none below. */
function tryRemove(parts: readonly CgroupPart[]): boolean {
  const isGone = (directory: string) => isRemoved(directory) || groupsBelow(directory).every(isRemoved);
  return parts.map(({ directory }) => isGone(directory)).every((gone) => gone);
}

function isRemoved(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENODEV') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    throw cgroupError({ action: 'remove', path: directory }, error);
  }
}
