import { SpecError } from '../sys/index.js';
import type { CgroupValue } from './controllers/controller.js';
import { CgroupError, cgroupError } from './errors.js';
import { isThere, readIfThere, write, writeNow } from './files.js';
import { isWithin } from './numbers.js';
import { type CgroupPart, partOf } from './part.js';

/** A value and the file that it is written to. */
export interface PlacedValue extends CgroupValue {
  readonly path: string;
}

/**
 * Finds the files of values.
 *
 * @throws SpecError - the kernel has no such file, so it cannot do it.
 */
export function placeValues(parts: readonly CgroupPart[], values: readonly CgroupValue[]): PlacedValue[] {
  return values.map((value) => {
    const directory = partOf(parts, value.controller)?.directory ?? '';
    const path = `${directory}/${value.file}`;
    if (isThere(path)) return { ...value, path };
    const { otherwise, missing, field } = value;
    if (otherwise !== undefined && isThere(`${directory}/${otherwise.file}`)) {
      return { ...value, ...otherwise, path: `${directory}/${otherwise.file}` };
    }
    if (!isThere(directory)) throw new CgroupError({ action: 'write', path: directory, field }, 'ENOENT');
    throw new SpecError(field, missing?.problem ?? `this kernel has no ${value.file}`, missing?.help);
  });
}

interface Written {
  readonly path: string;
  readonly before: string;
}

/**
 * Writes values: all of them, or it fails and puts back those that were written. What the kernel refuses is tried again when the others
 * are written, as a memory limit has to stay below that of memory and swap: the order depends on what there was.
 *
 * @param isNew - no process is in the group yet, so no write has to wait for anything; and nothing is put back, since a group that cannot have
 * its limits is removed.
 * @throws CgroupError - the kernel refused one: the error of the first.
 */
export async function writeValues(values: readonly PlacedValue[], isNew: boolean): Promise<void> {
  const written: Written[] = [];
  let waiting = values;
  while (waiting.length > 0) {
    const refused: { value: PlacedValue; error: unknown }[] = [];
    for (const value of waiting) {
      try {
        if (isNew) writeNow(value.path, value.value);
        else written.push(await replace(value));
      } catch (error) {
        refused.push({ value, error });
      }
    }
    const [first] = refused;
    if (first !== undefined && refused.length === waiting.length) {
      await putBack(written);
      throw cgroupError({ action: 'write', ...first.value }, first.error);
    }
    waiting = refused.map(({ value }) => value);
  }
  const unconfirmed = values.map(notDone).find((error) => error !== undefined);
  if (unconfirmed === undefined) return;
  await putBack(written);
  throw unconfirmed;
}

async function replace(value: PlacedValue): Promise<Written> {
  const before = valueBefore(value);
  await write(value.path, value.value);
  return { path: value.path, before };
}

/** What has to be written to have it as it is now. */
function valueBefore({ path, key, reset }: PlacedValue): string {
  const text = readIfThere(path) ?? '';
  if (key === undefined) return text.trim() || '\n';
  return text.split('\n').find((line) => line.startsWith(`${key} `)) ?? reset ?? '\n';
}

/** From the last to the first, and once more what needs the others to be put back before. */
async function putBack(written: readonly Written[]): Promise<void> {
  for (const { path, before } of [...written].reverse()) await write(path, before).catch(() => {});
  for (const { path, before } of written) await write(path, before).catch(() => {});
}

/** Some things the kernel takes without doing them, and tells in another file. */
function notDone(value: PlacedValue): CgroupError | undefined {
  const { confirm, path, file } = value;
  if (confirm === undefined) return undefined;
  const told = readIfThere(path.slice(0, -file.length) + confirm.file)?.trim();
  if (told === undefined) return undefined;
  const isDone = confirm.by === 'equal' ? told === value.value : isWithin(value.value, told);
  if (isDone) return undefined;
  const problem = `the kernel took it, but ${confirm.file} is ${JSON.stringify(told)}`;
  return new CgroupError(
    { action: 'write', ...value, help: 'the groups above may not have it to give' },
    'EINVAL',
    problem,
  );
}
