import { SpecError } from '../sys/index.js';
import type { CgroupValue } from './controllers/controller.js';
import { CgroupError, cgroupError } from './errors.js';
import { codeOf, isThere, readIfThere, write, writeNow } from './files.js';
import { lacking } from './kernel-files.js';
import { isWithin } from './numbers.js';
import { type CgroupPart, partOf } from './part.js';

/** What is written where. */
interface Target {
  readonly path: string;
  readonly value: string;
}

/** A value, and the files that it is written to. */
export interface PlacedValue extends CgroupValue {
  readonly path: string;
  /** One, or that which is there also. */
  readonly targets: readonly Target[];
}

/**
 * Finds the files of values.
 *
 * @throws SpecError - the kernel has no such file, so it cannot do it.
 */
export function placeValues(parts: readonly CgroupPart[], values: readonly CgroupValue[]): PlacedValue[] {
  return values.map((value) => {
    const { also, field } = value;
    const directory = partOf(parts, value.controller)?.directory ?? '';
    const targets = [value, ...(also === undefined ? [] : [also])]
      .map(({ file, value }) => ({ path: `${directory}/${file}`, value }))
      .filter(({ path }) => isThere(path));
    const [first] = targets;
    if (first !== undefined) return { ...value, ...first, targets };
    if (!isThere(directory)) throw new CgroupError({ action: 'write', path: directory, field }, 'ENOENT');
    const { problem, help } = lacking(value);
    throw new SpecError(field, problem, help);
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
        written.push(...(await writeOne(value, isNew)));
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

/**
 * Writes a value to all of its files. Those of a scheduler that the disk does not go by refuse it by EOPNOTSUPP: it is enough that one takes
 * it.
 *
 * @returns what is to be put back: nothing of a new group.
 */
async function writeOne(value: PlacedValue, isNew: boolean): Promise<Written[]> {
  const written: Written[] = [];
  const refused: unknown[] = [];
  for (const target of value.targets) {
    try {
      const before = isNew ? undefined : valueBefore(target.path, value);
      if (isNew) writeNow(target.path, target.value);
      else await write(target.path, target.value);
      if (before !== undefined) written.push({ path: target.path, before });
    } catch (error) {
      refused.push(error);
    }
  }
  const error = refused.length === value.targets.length ? refused[0] : refused.find(isInTheWay);
  if (error === undefined) return written;
  await putBack(written);
  throw error;
}

function isInTheWay(error: unknown): boolean {
  return codeOf(error) !== 'EOPNOTSUPP';
}

/** What has to be written to have it as it is now. */
function valueBefore(path: string, { key, reset }: PlacedValue): string {
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
