import type { Size } from '../../units/index.js';
import type { Controller } from './controller.js';
import { Emitter, type Read } from './emitter.js';
import { readSizeLimit } from './read.js';

/** How much it can have in huge pages, by their size: `{ '2MB': '64M' }`. Above it a page fault ends with SIGBUS. */
export type HugetlbLimits = Readonly<Record<string, Size | 'max'>>;

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/hugetlb.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#hugetlb',
};
const missing = { problem: 'there are no pages of this size here', help: 'see /sys/kernel/mm/hugepages' };

/** `hugetlb.2MB.max`; in v1 `hugetlb.2MB.limit_in_bytes`. */
export const hugetlb: Controller<HugetlbLimits> = (limits, version) => {
  const emit = new Emitter('hugetlb', documentation[version]);
  for (const [pageSize, limit] of Object.entries(limits)) {
    const name = emit.read(pageSize, pageSize, readPageSize);
    const max = emit.read(pageSize, limit, readSizeLimit);
    if (name === undefined || max === undefined) continue;
    if (version === 2) emit.put(pageSize, `hugetlb.${name}.max`, String(max), { missing });
    else emit.put(pageSize, `hugetlb.${name}.limit_in_bytes`, max === 'max' ? '-1' : String(max), { missing });
  }
  return emit;
};

function readPageSize(name: string): Read<string> {
  if (/^\d+[KMG]B$/.test(name)) return { value: name };
  return {
    problem: `${JSON.stringify(name)} is not a size of pages`,
    help: "write it as the kernel does: '2MB', '1GB'",
  };
}
