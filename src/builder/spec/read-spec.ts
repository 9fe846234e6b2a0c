import { areParts } from '../../cgroup/read-parts.js';
import { namespaceKinds } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';
import {
  type Check,
  either,
  is,
  isBoolean,
  isList,
  isNumber,
  isObject,
  isRecord,
  isString,
  isTrue,
} from './check-shape.js';
import { isFilesEntry, isRoot } from './files-shape.js';
import type { ProcessSpec } from './process-spec.js';

/** A spec that isolates nothing. */
export const bareSpec: ProcessSpec = freeze({ version: 1, unshare: [], env: { inherit: true, set: {} } });

const isIdMap = isRecord({ inside: isNumber, outside: isNumber, count: isNumber });
const isVariables: Check = (value) =>
  isObject(value) && Object.values(value as object).every((one) => one === null || isString(one));

const isKind = is(...namespaceKinds);
const isJoin = isRecord({
  'process?': either(isRecord({ pid: isNumber }), isRecord({ pidfd: isNumber })),
  'kinds?': isList(isKind),
  'paths?': isRecord(Object.fromEntries(namespaceKinds.map((kind) => [`${kind}?`, isString]))),
});

const isLimits: Check = (value) => isObject(value) && Object.values(value as object).every(isObject);

/** The fields of a spec and what each has to be: ranges and combinations are for `compile`, which knows the host. */
const fields: Record<keyof ProcessSpec, Check> = {
  version: is(1),
  unshare: isList(isString),
  join: isJoin,
  userMap: isList(isIdMap),
  groupMap: isList(isIdMap),
  mapRoot: isTrue,
  hostname: isString,
  domainname: isString,
  root: isRoot,
  files: isList(isFilesEntry),
  proc: is(false),
  propagation: is('slave'),
  loopback: isTrue,
  clock: isRecord({ 'monotonic?': isNumber, 'boottime?': isNumber }),
  env: isRecord({ inherit: isBoolean, set: isVariables }),
  cwd: isString,
  uid: isNumber,
  gid: isNumber,
  groups: isList(isNumber),
  umask: isNumber,
  argv0: isString,
  listen: isList(isRecord({ fd: isNumber, 'name?': isString })),
  stdio: isList((value) => isNumber(value) || isString(value)),
  tty: either(isTrue, isRecord({ columns: isNumber, rows: isNumber })),
  noNewPrivs: isTrue,
  capabilities: isList(isString),
  asPid1: isTrue,
  newSession: isTrue,
  dieWithParent: isTrue,
  timeout: isRecord({ limit: isNumber, 'killSignal?': either(isString, isNumber), 'grace?': isNumber }),
  limits: isLimits,
  limitsFallback: is('rlimit'),
  cgroup: isRecord({
    'path?': isString,
    'parts?': areParts,
    'isOfBox?': isTrue,
    'parent?': either(isString, isRecord({ parts: areParts })),
    'slice?': isString,
    'name?': isString,
    'controllers?': isList(isString),
    'moveAll?': isTrue,
  }),
};

/**
 * Reads a spec that came as JSON. A field that this version does not know is refused, not ignored: it might be a protection.
 *
 * @throws SpecError - it is not a spec.
 */
export function readSpec(json: unknown): ProcessSpec {
  if (!isObject(json)) throw new SpecError('spec', 'it is not an object');
  const given = json as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    const check = Object.hasOwn(fields, name) ? fields[name as keyof ProcessSpec] : undefined;
    if (check === undefined) throw new SpecError(name, 'a spec has no such field');
    if (name === 'files') checkFiles(given[name]);
    if (!check(given[name])) throw new SpecError(name, `${shown(name, given[name])} is not what it has to be`);
  }
  for (const name of ['version', 'unshare', 'env'] as const) {
    if (given[name] === undefined) throw new SpecError(name, 'it is missing');
  }
  return freeze(structuredClone(given) as unknown as ProcessSpec);
}

/** Tells which of the entries it is: what others contain may be a secret. */
function checkFiles(files: unknown): void {
  if (!Array.isArray(files)) return;
  const wrong = files.findIndex((entry) => !isFilesEntry(entry));
  if (wrong < 0) return;
  const { contents: _, ...shown } = isObject(files[wrong]) ? files[wrong] : { entry: files[wrong] };
  throw new SpecError(
    'files',
    `entry ${wrong}, ${JSON.stringify(shown)}, is not what an entry has to be: an unknown type or field, or one of the wrong kind`,
  );
}

/** What is in an environment may be a secret. */
function shown(name: string, value: unknown): string {
  return name === 'env' ? 'it' : JSON.stringify(value);
}

/** The same value, which cannot be changed any more. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
