import { SpecError } from '../sys/index.js';
import type { CgroupValue, ControllerName } from './controllers/controller.js';
import { type CgroupLimits, emit, limitedControllers, mergeLimits } from './limits.js';
import { type CgroupPart, partOf } from './part.js';
import { placeValues, writeValues } from './write.js';

/**
 * Writes the limits that are named, also those that should be so already: others may have changed them. And what is different with them, since
 * what one controller emits may depend on several of its limits: in v1 the one of memory and swap on both.
 *
 * @returns all limits, as they are then.
 */
export async function update(
  parts: readonly CgroupPart[],
  before: CgroupLimits,
  changes: CgroupLimits,
): Promise<CgroupLimits> {
  const after = mergeLimits(before, changes);
  const values = limitedControllers(changes).flatMap((controller) =>
    changed(parts, controller, { before, after, named: namesOf(changes) }),
  );
  await writeValues(placeValues(parts, values), false);
  return after;
}

function changed(
  parts: readonly CgroupPart[],
  controller: ControllerName,
  { before, after, named }: { before: CgroupLimits; after: CgroupLimits; named: readonly string[] },
): CgroupValue[] {
  const part = partOf(parts, controller);
  if (part === undefined) {
    const named = `({ controllers: ['${controller}'] })`;
    const help = `name it when the group is made: openCgroup${named}, or .cgroup${named} of a sandbox`;
    throw new SpecError(controller, 'the group has no such controller', help);
  }
  const { values, refusals } = emit(after, controller, part.version);
  const [refusal] = refusals;
  if (refusal !== undefined) throw new SpecError(refusal.field, refusal.problem, refusal.help);
  const was = emit(before, controller, part.version).values;
  const isSame = (value: CgroupValue) => was.some((one) => one.file === value.file && one.value === value.value);
  return values.filter((value) => named.includes(value.field) || !isSame(value));
}

/** The limits that are named, as `memory.max`: see {@link CgroupValue}. */
function namesOf({ io, ...others }: CgroupLimits): string[] {
  const { devices = {}, ...more } = io ?? {};
  const ofDevices = Object.entries(devices).map(([path, limits]) => [`io.devices[${JSON.stringify(path)}]`, limits]);
  return [...Object.entries({ ...others, io: more }), ...ofDevices].flatMap(([of, limits]) =>
    Object.keys(limits ?? {}).flatMap((name) => (name === 'period' ? [`${of}.max`] : [`${of}.${name}`])),
  );
}
