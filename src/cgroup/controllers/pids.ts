import type { Controller } from './controller.js';
import { Emitter } from './emitter.js';
import { readCount } from './read.js';

/** A limit on how many there are. */
export interface PidsLimits {
  /** Processes and threads together, those of groups below included. A fork above it fails with EAGAIN. */
  readonly max?: number | 'max';
}

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/pids.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#pid',
};

/** `pids.max`, in both versions. */
export const pids: Controller<PidsLimits> = (limits, version) => {
  const emit = new Emitter('pids', documentation[version]);
  const max = emit.read('max', limits.max, readCount);
  if (max !== undefined) emit.put('max', 'pids.max', String(max));
  return emit;
};
