import { CgroupError } from './errors.js';
import { isSelfIn } from './own-place.js';
import type { CgroupPart } from './part.js';

/**
 * Refuses a group that this program itself is in: one that kills itself could not tell how it went, and one that has stopped itself does not go on.
 *
 * @throws CgroupError EBUSY.
 */
export function refuseOwn(action: 'kill' | 'freeze', parts: readonly CgroupPart[]): void {
  if (!isSelfIn(parts)) return;
  const way = action === 'kill' ? 'end it as any other process' : 'let another program do it';
  const help = `attach it to another group first; or ${way}`;
  throw new CgroupError({ action, path: parts[0]?.directory ?? '', help }, 'EBUSY', 'this program is in it');
}
