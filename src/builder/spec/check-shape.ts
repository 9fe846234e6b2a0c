/** Whether a value has a shape: what came as JSON may be anything. */
export type Check = (value: unknown) => boolean;

export const isString: Check = (value) => typeof value === 'string';
export const isNumber: Check = (value) => typeof value === 'number';
export const isBoolean: Check = (value) => typeof value === 'boolean';
export const isTrue: Check = (value) => value === true;
export const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

export const is =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

export const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));

export const isList =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);

/** An object with these fields and no others; those that end in `?` may be missing. */
export const isRecord =
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
