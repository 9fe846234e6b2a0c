import type { Controller } from './controller.js';
import { Emitter, type Read } from './emitter.js';
import { readCount } from './read.js';

/**
 * A limit on how many there are.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#pid, https://docs.kernel.org/admin-guide/cgroup-v1/pids.html.
 */
export interface PidsLimits {
  /**
   * Processes and threads together, those of groups below included: a whole number from 0 to 4194304. A fork above it fails with EAGAIN.
   * `pids.max`, in v1 too.
   */
  readonly max?: number | 'max';
}

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/pids.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#pid',
};

/** PID_MAX_LIMIT of the kernel: there can be no more, and a higher limit it refuses. */
const most = 2 ** 22;

/** `pids.max`, in both versions. */
export const pids: Controller<PidsLimits> = (limits, version) => {
  const emit = new Emitter('pids', documentation[version]);
  const max = emit.read('max', limits.max, readProcesses);
  if (max !== undefined) emit.put('max', 'pids.max', String(max));
  return emit;
};

function readProcesses(max: number | 'max'): Read<number | 'max'> {
  const read = readCount(max);
  if (!('value' in read) || read.value === 'max' || read.value <= most) return read;
  return { problem: `${max} is more than the kernel can have, ${most}`, help: "give 'max' for no limit" };
}
