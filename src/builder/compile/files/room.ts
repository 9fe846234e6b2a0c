import { posix } from 'node:path';
import { attachTree, copyTree, makeFileSystem } from '../../../ns/index.js';
import { fchdir, mkdirat, mknodat, S_IF, symlinkat } from '../../../sys/index.js';
import { denied, type HostFile } from '../../spec/host-files.js';
import type { Assembly } from './assembly.js';
import { coveredAttributes, makeLike, tmpfsAccess } from './make-like.js';
import type { Staged } from './staging.js';
import { inside } from './walk.js';

/** More names than this, each of which would be a mount, are better seen through an overlay. */
const mostEntries = 64;

/** What is in a directory of the view, in order. */
export function entriesOf(
  assembly: Assembly,
  path: string,
  view = assembly.view,
): (readonly [name: string, file: HostFile])[] {
  const names = view.list(path);
  if (names === denied)
    throw assembly.refuse(`${JSON.stringify(path)} cannot be read, and something has to be made there`);
  return names.flatMap((name) => {
    const file = view.at(inside(path, name));
    return file === undefined || file === denied ? [] : [[name, file] as const];
  });
}

/** Makes room in a read-only directory of the host, on which nothing is made: it is seen through something of ours. */
export function makeRoom(assembly: Assembly, path: string): void {
  if (assembly.host.mountCalls !== 'new') {
    throw assembly.refuse(
      `something has to be made in ${JSON.stringify(path)}, and on the host nothing is made`,
      'make it before; from Linux 5.12 on it is not needed',
    );
  }
  const entries = entriesOf(assembly, path);
  const canBeLayer = assembly.host.overlayUserXattr && assembly.view.mountsBelow(path).length === 0;
  if (entries.length > mostEntries && canBeLayer) layOver(assembly, path);
  else split(assembly, path, entries);
}

/** An overlay, the upper layer of which has nothing but what is made for this view. */
function layOver(assembly: Assembly, path: string): void {
  const { staging } = assembly;
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((purpose) => staging.directory(purpose)) as [
    Staged,
    Staged,
    Staged,
  ];
  assembly.emit(...lower.steps, ...makeLike(staging.fd, upper.name, assembly.accessAt(path)), ...work.steps);
  assembly.calls.stageBind(assembly, { from: 'view', path }, lower.name, false);
  assembly.emit(fchdir.step(staging.fd).because('the names of the layers begin here'));
  const attributes = coveredAttributes(assembly, path);
  const options = { lowerdir: lower.name, upperdir: upper.name, workdir: work.name, userxattr: true } as const;
  const place = assembly.place(path, 'directory');
  const fd = assembly.calls.create(assembly, { type: 'overlay', options, attributes }, place, whyRoom(path));
  assembly.view.cover(path, attributes, assembly.from);
  assembly.forget(path);
  assembly.isOpen(path, fd);
}

const whyRoom = (path: string): string => `room for what is to be made in ${path}: on the host nothing is made`;

/** A directory of ours takes its place, with the same names, each of which is bound to what it was. */
function split(assembly: Assembly, path: string, entries: readonly (readonly [name: string, file: HostFile])[]): void {
  const from = assembly.directory(path);
  const copies = entries.map(([name, { type }]) => {
    if (type === 'symlink') return undefined;
    // What has become a link by now is refused: it would lead to the host.
    const { steps, opened } = assembly.stepsTo(from, name, type === 'directory' ? 'directory' : 'file');
    const copy = copyTree({ dir: opened, path: '' }, { recursive: true });
    assembly.emit(...[...steps, copy].map((step) => step.because(`${inside(path, name)} as it is`)));
    return copy;
  });
  const { steps, mounted } = makeFileSystem({
    type: 'tmpfs',
    options: tmpfsAccess(assembly.accessAt(path)),
    attributes: { nosuid: true, nodev: true },
  });
  assembly.emit(...steps.map((step) => step.because(whyRoom(path))));
  const parent = assembly.directory(posix.dirname(path));
  assembly.emit(attachTree(mounted, { dir: parent, path: posix.basename(path) }).because(`is at ${path} from here on`));
  assembly.forget(path);
  assembly.isOpen(path, mounted);
  for (const [i, [name, file]] of entries.entries()) {
    const copy = copies[i];
    if (copy === undefined) {
      assembly.emit(symlinkat.step(file.link ?? '', mounted, name).because(`${name}, as before`));
      continue;
    }
    const place =
      file.type === 'directory' ? mkdirat.step(mounted, name, 0o755) : mknodat.step(mounted, name, S_IF.REG | 0o444, 0);
    assembly.emit(
      place.because(`${name}, to mount on it what was there`),
      attachTree(copy.result, { dir: mounted, path: name }).because(`${name}, as before`),
    );
  }
  assembly.view.split(path, assembly.from, entries);
}
