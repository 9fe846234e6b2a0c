import { dirname } from 'node:path';
import { readIfThere, writeNow } from '../files.js';
import type { CgroupPart } from '../part.js';

/**
 * Makes a new group of v1 one that processes can be in, and that counts what is below it.
 *
 * In a cpuset nothing is inherited: without processors and memory nodes no process gets in (ENOSPC). See cpuset(7). Memory of groups
 * below counts only with `use_hierarchy`, which kernels before 5.11 leave to who makes the group.
 */
export function prepare({ version, controllers, directory }: CgroupPart): void {
  if (version === 2) return;
  if (controllers.includes('cpuset')) for (const name of ['cpus', 'mems']) inherit(directory, name);
  const hierarchical = `${directory}/memory.use_hierarchy`;
  if (readIfThere(hierarchical)?.trim() === '0') writeNow(hierarchical, '1');
}

function inherit(directory: string, name: string): void {
  const own = `${directory}/cpuset.${name}`;
  if (readIfThere(own)?.trim() !== '') return;
  const above = dirname(directory);
  const ofParent =
    readIfThere(`${above}/cpuset.effective_${name}`)?.trim() || readIfThere(`${above}/cpuset.${name}`)?.trim();
  if (ofParent !== undefined && ofParent !== '') writeNow(own, ofParent);
}
