import type { Controller } from './controller.js';
import { Emitter } from './emitter.js';
import { readCount, readWord } from './read.js';

/** What it can have of one RDMA device. See https://docs.kernel.org/admin-guide/cgroup-v2.html#rdma. */
export interface RdmaDeviceLimits {
  /** How many handles of it may be open: a whole number from 0. `hca_handle=` of the device's line in `rdma.max`, in v1 too. */
  readonly handles?: number | 'max';
  /** How many objects may be made with it: a whole number from 0. `hca_object=` there. */
  readonly objects?: number | 'max';
}

/**
 * Resources of RDMA devices, by their names: `{ mlx5_0: { handles: 2, objects: 2000 } }`. A line for each device in `rdma.max`, in v1 too.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#rdma, https://docs.kernel.org/admin-guide/cgroup-v1/rdma.html.
 */
export type RdmaLimits = Readonly<Record<string, RdmaDeviceLimits>>;

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/rdma.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#rdma',
};

/** `rdma.max`, in both versions. */
export const rdma: Controller<RdmaLimits> = (limits, version) => {
  const emit = new Emitter('rdma', documentation[version]);
  for (const [device, { handles, objects }] of Object.entries(limits)) {
    const key = emit.read(device, device, readWord);
    const counts = [
      ['hca_handle', emit.read(`${device}.handles`, handles, readCount)],
      ['hca_object', emit.read(`${device}.objects`, objects, readCount)],
    ].filter(([, count]) => count !== undefined);
    if (key === undefined || counts.length === 0) continue;
    const value = [key, ...counts.map(([name, count]) => `${name}=${count}`)].join(' ');
    emit.put(device, 'rdma.max', value, { key, reset: `${key} hca_handle=max hca_object=max` });
  }
  return emit;
};
