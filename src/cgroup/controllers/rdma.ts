import type { Controller } from './controller.js';
import { Emitter } from './emitter.js';
import { readCount, readWord } from './read.js';

/** What it can have of one RDMA device. */
export interface RdmaDeviceLimits {
  readonly handles?: number | 'max';
  readonly objects?: number | 'max';
}

/** Resources of RDMA devices, by their names: `{ mlx5_0: { handles: 2, objects: 2000 } }`. */
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
