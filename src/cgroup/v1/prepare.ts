import type { CgroupValue } from '../controllers/controller.js';
import { readIfThere } from '../files.js';
import type { CgroupPart } from '../part.js';

/**
 * What makes a new group of v1 one that processes can be in, and that counts what is below it.
 *
 * In a cpuset nothing is inherited: without processors and memory nodes no process gets in (ENOSPC). See cpuset(7). Memory of groups
 * below counts only with `use_hierarchy`, which kernels before 5.11 leave to who makes the group.
 *
 * @param base - the group that it is made in, as which it begins.
 */
export function preparation(base: CgroupPart): CgroupValue[] {
  if (base.version === 2) return [];
  const inherited = base.controllers.includes('cpuset') ? ['cpus', 'mems'].flatMap((name) => inherit(base, name)) : [];
  const counts = readIfThere(`${base.directory}/memory.use_hierarchy`)?.trim() === '0' ? [hierarchical] : [];
  return [...inherited, ...counts];
}

const hierarchical: CgroupValue = {
  controller: 'memory',
  file: 'memory.use_hierarchy',
  value: '1',
  field: 'memory',
  documentation: 'https://docs.kernel.org/admin-guide/cgroup-v1/memory.html',
};

function inherit({ directory }: CgroupPart, name: string): CgroupValue[] {
  const file = `cpuset.${name}`;
  const value =
    readIfThere(`${directory}/cpuset.effective_${name}`)?.trim() || readIfThere(`${directory}/${file}`)?.trim();
  if (value === undefined || value === '') return [];
  const documentation = 'https://docs.kernel.org/admin-guide/cgroup-v1/cpusets.html';
  return [{ controller: 'cpuset', file, value, field: 'cpuset', documentation }];
}
