import { isDeepStrictEqual } from 'node:util';
import { SpecError } from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';

/** What a box is made of: the rest of a spec is about the commands in it. */
const ofBox: readonly (keyof ProcessSpec)[] = [
  'unshare',
  'join',
  'userMap',
  'groupMap',
  'mapRoot',
  'hostname',
  'domainname',
  'root',
  'files',
  'proc',
  'propagation',
  'loopback',
  'clock',
  'limits',
  'limitsFallback',
  'cgroup',
];

/** @throws SpecError - the spec is not for a box that was opened for another one. */
export function checkSameBox(spec: ProcessSpec, opened: ProcessSpec): void {
  const other = ofBox.find((field) => !isDeepStrictEqual(spec[field], opened[field]));
  if (other === undefined) return;
  throw new SpecError(
    other,
    'the box was opened with another one, and its namespaces and its control group stay as they are',
    'open another box',
  );
}
