import { shown } from '../../sys/shown.js';
import { parseSize, type Size } from '../../units/index.js';
import type { Controller } from './controller.js';
import { Emitter, type Read } from './emitter.js';
import { readSizeLimit } from './read.js';

/**
 * How much it can have in huge pages, by their size as the kernel writes it, `'64KB'`, `'2MB'` or `'1GB'`: `{ '2MB': '64M' }`. Bytes, a whole
 * number of pages. Above it a page fault ends with SIGBUS. `hugetlb.2MB.max`; in v1 `hugetlb.2MB.limit_in_bytes`.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#hugetlb, https://docs.kernel.org/admin-guide/cgroup-v1/hugetlb.html.
 */
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
    if (name === undefined) continue;
    const max = emit.read(pageSize, limit, (input) => readPages(input, name));
    if (max === undefined) continue;
    if (version === 2) emit.put(pageSize, `hugetlb.${name}.max`, String(max), { missing });
    else emit.put(pageSize, `hugetlb.${name}.limit_in_bytes`, max === 'max' ? '-1' : String(max), { missing });
  }
  return emit;
};

/** Of a part of a page the kernel would make none. */
function readPages(limit: Size | 'max', pageSize: string): Read<bigint | 'max'> {
  const read = readSizeLimit(limit);
  const page = parseSize(pageSize);
  if (!('value' in read) || read.value === 'max' || page === undefined || read.value % page === 0n) return read;
  const pages = read.value / page;
  return {
    problem: `${shown(limit)} is no whole number of pages of ${pageSize}`,
    help: `give ${pages * page} or ${(pages + 1n) * page} bytes`,
  };
}

function readPageSize(name: string): Read<string> {
  if (/^[1-9]\d*[KMG]B$/.test(name)) return { value: name };
  return {
    problem: `${shown(name)} is not a size of pages`,
    help: "write it as the kernel does: '2MB', '1GB'",
  };
}
