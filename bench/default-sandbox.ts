import { bare, type FilesEntry, isolate, type ProcessSpec, type Sandbox } from 'linux-isolate';
import { kinds } from './kinds.js';
import { ladder, type Rung } from './ladder.js';

const whole = isolate().spec;

/** The entries of these types, with those of the steps before, in the order that they have in the whole. */
function plus(...types: readonly FilesEntry['type'][]): Rung[1] {
  return ({ spec }) => {
    const wanted = new Set([...types, ...(spec.files ?? []).map(({ type }) => type)]);
    return from({ ...spec, files: (whole.files ?? []).filter(({ type }) => wanted.has(type)) });
  };
}

const from = (spec: ProcessSpec): Sandbox => isolate.from(spec);

/** The safe default and how it comes to be: its own spec, part after part. */
export const defaultLadder = ladder('isolate(), the safe default', bare().unshare(...kinds), [
  ['seven namespaces, with /proc', (sandbox) => sandbox],
  ["+ the host's tree, read-only", ({ spec }) => from({ ...spec, ...(whole.root ? { root: whole.root } : {}) })],
  ['+ home, /tmp, /run, working directory', plus('home', 'tmpfs', 'workingDirectory')],
  ['+ /dev', plus('dev')],
  ['+ resolver, guards of the kernel', ({ spec }) => from({ ...spec, files: whole.files ?? [] })],
  ['+ loopback', (sandbox) => sandbox.loopback()],
  ['+ privileges, session: isolate()', () => isolate()],
]);
