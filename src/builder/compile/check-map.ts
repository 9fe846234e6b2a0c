import { formatIdMap, type IdMap } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';

/** 2^32 - 1 is no id: to the kernel it means "none". */
export const lastId = 2 ** 32 - 2;
/** UID_GID_MAP_MAX_EXTENTS: user_namespaces(7). */
const mostLines = 340;
/** It has to be less than a page, in one write. */
const largestMap = 4095;

export const isId = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= lastId;

/** Refuses a map that the kernel would refuse. */
export function checkMap(field: string, map: readonly IdMap[]): void {
  if (map.length === 0 || map.length > mostLines) {
    throw new SpecError(field, `a map has 1 to ${mostLines} lines, this one has ${map.length}`);
  }
  const size = formatIdMap(map).length;
  if (size > largestMap) throw new SpecError(field, `the map takes ${size} bytes, and the kernel takes ${largestMap}`);
  for (const { inside, outside, count } of map) {
    const last = (from: number) => from + count - 1;
    if (!isId(inside) || !isId(outside) || !isId(count) || count === 0 || !isId(last(inside)) || !isId(last(outside))) {
      throw new SpecError(
        field,
        `inside ${inside}, outside ${outside}, count ${count} is not a range of ids from 0 to ${lastId}`,
      );
    }
  }
  for (const side of ['inside', 'outside'] as const) {
    const sorted = [...map].sort((a, b) => a[side] - b[side]);
    for (let i = 1; i < sorted.length; i++) {
      const [before, after] = [sorted[i - 1] as IdMap, sorted[i] as IdMap];
      if (before[side] + before.count > after[side]) {
        throw new SpecError(field, `two ranges overlap ${side}: at ${after[side]}`);
      }
    }
  }
}
