import { SpecError } from '../sys/index.js';
import type { CgroupValue, ControllerName } from './controllers/controller.js';
import { type CgroupLimits, emit, limitedControllers, mergeLimits } from './limits.js';
import { type CgroupPart, partOf } from './part.js';
import { placeValues, writeValues } from './write.js';

/**
 * Writes what is different with some limits changed. What one controller emits may depend on several of its limits: in v1 the one of
 * memory and swap on both.
 *
 * @returns all limits, as they are then.
 */
export async function update(
  parts: readonly CgroupPart[],
  before: CgroupLimits,
  changes: CgroupLimits,
): Promise<CgroupLimits> {
  const after = mergeLimits(before, changes);
  const values = limitedControllers(changes).flatMap((controller) => changed(parts, controller, before, after));
  await writeValues(placeValues(parts, values), false);
  return after;
}

function changed(
  parts: readonly CgroupPart[],
  controller: ControllerName,
  before: CgroupLimits,
  after: CgroupLimits,
): CgroupValue[] {
  const part = partOf(parts, controller);
  if (part === undefined) {
    const help = `name it when the group is made: openCgroup({ controllers: ['${controller}'] })`;
    throw new SpecError(controller, 'the group has no such controller', help);
  }
  const { values, refusals } = emit(after, controller, part.version);
  const [refusal] = refusals;
  if (refusal !== undefined) throw new SpecError(refusal.field, refusal.problem, refusal.help);
  const was = emit(before, controller, part.version).values;
  return values.filter((value) => !was.some((one) => one.file === value.file && one.value === value.value));
}
