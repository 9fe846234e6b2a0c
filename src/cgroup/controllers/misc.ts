import type { Controller } from './controller.js';
import { Emitter } from './emitter.js';
import { readCount, readWord } from './read.js';

/**
 * Resources that there are a number of, by their names in `misc.capacity` of the root group: `{ sev: 2 }`, a whole number from 0. A line
 * `NAME NUMBER` of `misc.max`, in v1 too.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#misc, https://docs.kernel.org/admin-guide/cgroup-v1/misc.html.
 */
export type MiscLimits = Readonly<Record<string, number | 'max'>>;

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/misc.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#misc',
};

/** `misc.max`, in both versions. */
export const misc: Controller<MiscLimits> = (limits, version) => {
  const emit = new Emitter('misc', documentation[version]);
  for (const [resource, limit] of Object.entries(limits)) {
    const key = emit.read(resource, resource, readWord);
    const max = emit.read(resource, limit, readCount);
    if (key !== undefined && max !== undefined) {
      emit.put(resource, 'misc.max', `${key} ${max}`, { key, reset: `${key} max` });
    }
  }
  return emit;
};
