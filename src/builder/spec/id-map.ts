import type { IdMap } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';

/** A range of ids, also as `unshare --map-users` takes it: `'INSIDE:OUTSIDE:COUNT'`. */
export type IdMapInput = IdMap | string;

/** Reads a range of ids. */
export function readIdMap(field: string, input: IdMapInput): IdMap {
  if (typeof input !== 'string') return { inside: input.inside, outside: input.outside, count: input.count };
  const match = /^(\d+):(\d+):(\d+)$/.exec(input);
  if (match === null) throw new SpecError(field, `${JSON.stringify(input)} is not INSIDE:OUTSIDE:COUNT`);
  return { inside: Number(match[1]), outside: Number(match[2]), count: Number(match[3]) };
}
