import { match, P } from 'ts-pattern';
import { attributeNames, type MountAttributes } from '../../../ns/index.js';
import type { FilesEntry, RootSpec } from '../../spec/file-entry.js';
import { bindDefaults } from '../../spec/make-entry.js';
import { methodCall } from '../section.js';

/** Arguments without those that are not given, or say nothing. */
function args(...given: readonly unknown[]): unknown[] {
  const isSaid = (value: unknown) =>
    value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return given.slice(0, given.findLastIndex(isSaid) + 1);
}

/** The fields that are given, but for the attributes that a method gives by itself. */
function options(fields: object, byItself: MountAttributes = {}): object {
  const isUsual = ([name, value]: [string, unknown]) =>
    value === undefined || (byItself as Record<string, unknown>)[name] === value;
  return Object.fromEntries(Object.entries(fields).filter((field) => !isUsual(field)));
}

/** The call of a builder method that an entry comes from, as it stands in a program. */
export function originOf(entry: FilesEntry): string {
  return callOf(entry).replace(/"mode":(\d+)/, (_, mode: string) => `"mode":0o${Number(mode).toString(8)}`);
}

function callOf(entry: FilesEntry): string {
  return match(entry)
    .with({ type: 'bind' }, ({ type, source, target, optional, ...rest }) => {
      const name = rest.nodev === undefined ? 'DevBind' : rest.readOnly ? 'RoBind' : 'Bind';
      const method = optional ? `try${name}` : `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
      const usual = { ...bindDefaults, ...(rest.readOnly ? { readOnly: true } : {}) };
      return methodCall(method, ...args(source, target, options(rest, usual)));
    })
    .with({ type: 'file' }, ({ target, mode }) => methodCall('file', ...args(target, '…', options({ mode }))))
    .with({ type: 'symlink' }, ({ to, target }) => methodCall('symlink', to, target))
    .with({ type: 'remount' }, ({ target, attributes, recursive }) =>
      methodCall('remount', target, options({ ...attributes, recursive })),
    )
    .with({ type: 'propagation' }, ({ kind, target, recursive }) =>
      methodCall('propagation', ...args(kind, target, options({ recursive }))),
    )
    .with({ type: 'overlay', snapshot: true }, ({ target, size }) =>
      methodCall('snapshot', ...args(target, options({ size }))),
    )
    .with({ type: P.union('home', 'kernelGuards', 'resolver', 'workingDirectory') }, ({ type }) => methodCall(type))
    .otherwise(({ type, target, ...rest }) => methodCall(type, ...args(target, options(rest))));
}

/** The same for the root. */
export function originOfRoot(root: RootSpec | undefined): string {
  if (root === undefined) return 'every view of files';
  if (root.type === 'empty') return methodCall('emptyRoot', options({ readOnly: root.readOnly }));
  const given = attributeNames.map((name) => [name, root[name]] as const);
  const attributes = options(Object.fromEntries(given));
  return root.type === 'host' ? methodCall('hostRoot', attributes) : methodCall('rootfs', root.source, attributes);
}
