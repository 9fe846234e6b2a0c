import { type Check, either, is, isBoolean, isList, isNumber, isRecord, isString, isTrue } from './check-shape.js';
import type { FilesEntry, RootSpec } from './file-entry.js';

const attributes = {
  'readOnly?': isBoolean,
  'nosuid?': isBoolean,
  'nodev?': isBoolean,
  'noexec?': isBoolean,
  'noatime?': isBoolean,
};
const isIdMap = isRecord({ inside: isNumber, outside: isNumber, count: isNumber });
const isSize = either(isNumber, isString);
const target = { target: isString };

/** The fields of each kind of entry besides its type. */
const entries: Readonly<Record<FilesEntry['type'], Readonly<Record<string, Check>>>> = {
  bind: {
    ...target,
    source: either(isString, isNumber),
    'topOnly?': isTrue,
    'optional?': isTrue,
    'idmap?': isRecord({ 'users?': isList(isIdMap), 'groups?': isList(isIdMap) }),
    ...attributes,
  },
  tmpfs: { ...target, 'size?': isSize, 'mode?': isNumber, 'inodes?': isNumber, ...attributes },
  proc: { ...target, 'subset?': is('pid'), 'hidepid?': is('off', 'noaccess', 'invisible', 'ptraceable') },
  dev: target,
  sysfs: target,
  mqueue: target,
  cgroupfs: target,
  dir: { ...target, 'mode?': isNumber },
  file: { ...target, contents: isString, 'encoding?': is('base64'), 'mode?': isNumber },
  symlink: { ...target, to: isString },
  remount: { ...target, attributes: isRecord(attributes), 'recursive?': isTrue },
  mask: { ...target, 'optional?': isTrue },
  readonly: { ...target, 'optional?': isTrue },
  overlay: {
    ...target,
    'lowers?': isList(isString),
    'upper?': isString,
    'work?': isString,
    'size?': isSize,
    'snapshot?': isTrue,
  },
  propagation: { ...target, kind: isString, 'recursive?': isTrue },
  home: {},
  kernelGuards: {},
  resolver: {},
  workingDirectory: {},
};

const roots: Readonly<Record<RootSpec['type'], Readonly<Record<string, Check>>>> = {
  host: attributes,
  empty: { 'readOnly?': isBoolean },
  directory: { source: isString, ...attributes },
};

const oneOf = (kinds: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check =>
  either(...Object.entries(kinds).map(([type, fields]) => isRecord({ type: is(type), ...fields })));

export const isFilesEntry: Check = oneOf(entries);
export const isRoot: Check = oneOf(roots);
