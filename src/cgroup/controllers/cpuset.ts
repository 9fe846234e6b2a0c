import { shown } from '../../sys/shown.js';
import type { Controller } from './controller.js';
import { Emitter, type Read } from './emitter.js';
import { readNumbers } from './read.js';

/**
 * Where it runs. The kernel takes what the groups above do not have in silence; so what it really gives is read afterwards, and less than all of
 * it is an error.
 *
 * See cpuset(7), https://docs.kernel.org/admin-guide/cgroup-v2.html#cpuset, https://docs.kernel.org/admin-guide/cgroup-v1/cpusets.html.
 */
export interface CpusetLimits {
  /**
   * Processors, by their numbers: `'0-3,8'`, or a list. `cpuset.cpus`, in v1 too; what the kernel gives is in `cpuset.cpus.effective`, in v1
   * `cpuset.effective_cpus`. Left out in v1, a new group gets those of the group above.
   */
  readonly cpus?: string | readonly number[];
  /** Memory nodes, in the same way: `cpuset.mems`, and `cpuset.mems.effective`, in v1 `cpuset.effective_mems`. */
  readonly mems?: string | readonly number[];
  /** Whether nobody else runs there: `cpuset.cpus.partition`, which is read again afterwards. Linux 5.4. v2 only. */
  readonly partition?: CpusetPartition;
}

/**
 * What `cpuset.cpus.partition` can be: `member` shares its processors with the groups above, `root` has them for itself, and `isolated` also apart
 * from the scheduler's balancing. See https://docs.kernel.org/admin-guide/cgroup-v2.html#cpuset.
 */
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
