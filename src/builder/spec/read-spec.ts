import { SpecError } from '../../sys/index.js';
import type { ProcessSpec } from './process-spec.js';

/** A spec that isolates nothing. */
export const bareSpec: ProcessSpec = freeze({ version: 1, unshare: [], env: { inherit: true, set: {} } });

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isTrue: Check = (value) => value === true;
const isList =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** An object with these fields and no others; those that end in `?` may be missing. */
const isRecord =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (!isObject(value)) return false;
    const given = value as Record<string, unknown>;
    const known = Object.entries(checks).map(([key, check]) => ({
      key: key.replace('?', ''),
      check,
      may: key.endsWith('?'),
    }));
    return (
      Object.keys(given).every((name) => known.some(({ key }) => key === name)) &&
      known.every(({ key, check, may }) => (given[key] === undefined ? may : check(given[key])))
    );
  };
const isIdMap = isRecord({ inside: isNumber, outside: isNumber, count: isNumber });
const isBoolean: Check = (value) => typeof value === 'boolean';
const isVariables: Check = (value) =>
  isObject(value) && Object.values(value as object).every((one) => one === null || isString(one));

/** The fields of a spec and what each has to be: ranges and combinations are for `compile`, which knows the host. */
const fields: Record<keyof ProcessSpec, Check> = {
  version: (value) => value === 1,
  unshare: isList(isString),
  userMap: isList(isIdMap),
  groupMap: isList(isIdMap),
  mapRoot: isTrue,
  hostname: isString,
  domainname: isString,
  proc: (value) => value === false || isString(value),
  loopback: isTrue,
  clock: isRecord({ 'monotonic?': isNumber, 'boottime?': isNumber }),
  env: isRecord({ inherit: isBoolean, set: isVariables }),
  cwd: isString,
  uid: isNumber,
  gid: isNumber,
  groups: isList(isNumber),
  umask: isNumber,
  argv0: isString,
  stdio: isList((value) => isNumber(value) || isString(value)),
  noNewPrivs: isTrue,
  capabilities: isList(isString),
  newSession: isTrue,
  dieWithParent: isTrue,
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
    if (!check(given[name])) throw new SpecError(name, `${shown(name, given[name])} is not what it has to be`);
  }
  for (const name of ['version', 'unshare', 'env'] as const) {
    if (given[name] === undefined) throw new SpecError(name, 'it is missing');
  }
  return freeze(structuredClone(given) as unknown as ProcessSpec);
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
