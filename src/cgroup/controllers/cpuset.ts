import { shown } from '../../sys/shown.js';
import type { Controller } from './controller.js';
import { Emitter, type Read } from './emitter.js';
import { readNumbers } from './read.js';

/** Where it runs. */
export interface CpusetLimits {
  /** Processors: `'0-3,8'`, or a list of their numbers. */
  readonly cpus?: string | readonly number[];
  /** Memory nodes, in the same way. */
  readonly mems?: string | readonly number[];
  /** Whether nobody else runs there: `root`, and `isolated` also from the scheduler's balancing. v2 only. */
  readonly partition?: CpusetPartition;
}

export type CpusetPartition = 'member' | 'root' | 'isolated';

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/cpusets.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#cpuset',
};
const partitions: readonly string[] = ['member', 'root', 'isolated'] satisfies CpusetPartition[];

/** `cpuset.cpus`, `cpuset.mems` and `cpuset.cpus.partition`. The kernel takes numbers that are not there in silence: it is looked at afterwards. */
export const cpuset: Controller<CpusetLimits> = (limits, version) => {
  const emit = new Emitter('cpuset', documentation[version]);
  const effective = (name: string) => (version === 2 ? `cpuset.${name}.effective` : `cpuset.effective_${name}`);
  for (const name of ['cpus', 'mems'] as const) {
    const numbers = emit.read(name, limits[name], readNumbers);
    const confirm = { file: effective(name), by: 'all of it' } as const;
    if (numbers !== undefined) emit.put(name, `cpuset.${name}`, numbers, { confirm });
  }
  const partition = emit.read('partition', limits.partition, readPartition);
  if (partition === undefined) return emit;
  if (version === 1) {
    emit.refuse('partition', 'it is not to be had from cgroup v1, where the cpuset controller is', 'leave it out');
    return emit;
  }
  const [file, by] = ['cpuset.cpus.partition', 'equal'] as const;
  const missing = { problem: 'this kernel has no partitions: they came with Linux 5.4' };
  emit.put('partition', file, partition, { confirm: { file, by }, missing });
  return emit;
};

function readPartition(partition: CpusetPartition): Read<string> {
  if (partitions.includes(partition)) return { value: partition };
  return { problem: `${shown(partition)} is not ${partitions.join(', ')}` };
}
