import type { MaskEntry, PropagationEntry, ReadonlyEntry, RemountEntry } from '../../spec/file-entry.js';
import type { Assembly } from './assembly.js';
import { attributesOf } from './attributes-of.js';

/** Another look at what is there; undefined where it may be missing, and is. */
function find(
  assembly: Assembly,
  target: string,
  optional: boolean,
): { path: string; what: 'directory' | 'file' } | undefined {
  const walked = assembly.walk(target);
  if (walked.file === undefined) {
    if (optional) return undefined;
    throw assembly.refuse(
      `${JSON.stringify(target)} is not there`,
      'nothing can be protected that is not there: check the path',
    );
  }
  if (walked.file.type === 'symlink') {
    throw assembly.refuse(`${JSON.stringify(target)} is a symbolic link`, 'name the place that it leads to');
  }
  return { path: walked.path, what: walked.file.type === 'directory' ? 'directory' : 'file' };
}

/** What is there is hidden by nothing: an empty file, or an empty directory, that cannot be written. */
export function planMask(assembly: Assembly, { target, optional }: MaskEntry): void {
  const found = find(assembly, target, optional === true);
  if (found === undefined) return;
  const nothing = assembly.staging.nothing(found.what);
  assembly.emit(...nothing.steps);
  const place = assembly.place(found.path, found.what);
  const attributes = { readOnly: true, nosuid: true, nodev: true, noexec: true };
  const source = { from: 'staging', name: nothing.name } as const;
  const why = `nothing, in the place of ${target}`;
  const fd = assembly.calls.bind(assembly, { source, place, attributes, recursive: false, why });
  assembly.mounted(place, { kind: 'kernel', like: undefined, attributes }, fd);
}

/** What is there stays, and cannot be written. */
export function planReadonly(assembly: Assembly, { target, optional }: ReadonlyEntry): void {
  const found = find(assembly, target, optional === true);
  if (found === undefined) return;
  const attributes = { readOnly: true };
  if (found.path === '/') {
    assembly.calls.change(assembly, '/', attributes, true);
    assembly.view.change('/', attributes, true);
    return;
  }
  const place = assembly.place(found.path, found.what);
  const source = { from: 'view', path: found.path } as const;
  const why = `${target} as it is, and all that is mounted below`;
  const fd = assembly.calls.bind(assembly, { source, place, attributes, recursive: true, why });
  assembly.view.rebind(found.path, attributes);
  assembly.forget(found.path);
  if (found.what === 'directory') assembly.isOpen(found.path, fd);
}

/** A mount that is there allows something else. */
export function planRemount(assembly: Assembly, { target, attributes, recursive }: RemountEntry): void {
  const found = find(assembly, target, false);
  if (found === undefined) return;
  refuseNoMount(assembly, target, found.path);
  const given = attributesOf(attributes);
  assembly.calls.change(assembly, found.path, given, recursive === true);
  assembly.view.change(found.path, given, recursive === true);
}

/** What is said of a mount cannot be said of a directory that is none. */
function refuseNoMount(assembly: Assembly, target: string, path: string): void {
  if (assembly.view.isMountPoint(path)) return;
  throw assembly.refuse(
    `nothing is mounted at ${JSON.stringify(target)} itself`,
    'bind it to itself before, or use .readonly()',
  );
}

export function planPropagation(assembly: Assembly, { target, kind, recursive }: PropagationEntry): void {
  const found = find(assembly, target, false);
  if (found === undefined) return;
  refuseNoMount(assembly, target, found.path);
  assembly.calls.propagate(assembly, found.path, kind, recursive === true);
}
