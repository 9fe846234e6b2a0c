import { dirname, posix } from 'node:path';
import { type MountAttributes, openRoot, walkBeneath } from '../../../ns/index.js';
import { dup3, type Fd, fchdir, Late, late, mkdirat, O, type Operand } from '../../../sys/index.js';
import type { OverlayEntry } from '../../spec/file-entry.js';
import { type Access, denied, type HostFiles } from '../../spec/host-files.js';
import type { Assembly } from './assembly.js';
import { changesInMemory } from './changes-in-memory.js';
import type { FilesContext } from './context.js';
import { coveredAttributes, makeLike } from './make-like.js';
import type { BindSource } from './mount-calls.js';
import type { Place } from './place.js';
import { isBelow, walk } from './walk.js';

/** Descriptors that a launch keeps free for the directories of an overlay, whose paths the kernel would take apart. */
export const overlayPlaceholders = { upper: 'overlay upper', work: 'overlay work' } as const;

/** fsconfig(2) takes a value of this length. */
const longestOption = 255;

/** A layer: what it is for the kernel, and where it is on the host, if there. */
interface Lower {
  readonly source: BindSource;
  readonly real: string | undefined;
}

/** A directory that can be written, with what is below left as it is. */
export function planOverlay(assembly: Assembly, entry: OverlayEntry, context: FilesContext): void {
  checkKernel(assembly, entry, context);
  const place = assembly.place(entry.target, 'directory');
  refuseOwnBelow(assembly, place.path);
  const lowers = lowersOf(assembly, entry, place, context);
  const names = lowers.map(({ source }) => {
    const { name, steps } = assembly.staging.directory('lower');
    assembly.emit(...steps);
    assembly.calls.stageBind(assembly, source, name, false);
    return name;
  });
  const lowerdir = names.join(':');
  if (lowerdir.length > longestOption) throw assembly.refuse(`${names.length} layers are more than the kernel takes`);
  const written = writtenTo(assembly, entry, place, lowers, context);
  assembly.emit(fchdir.step(assembly.staging.fd).because('the names of the layers begin here'));
  const attributes = attributesOf(assembly, place, lowers);
  const marks = assembly.host.overlayUserXattr ? { userxattr: true as const } : {};
  const options = { lowerdir, ...written, ...marks };
  const why = `${entry.target}, with what is changed kept apart`;
  const fd = assembly.calls.create(assembly, { type: 'overlay', options, attributes }, place, why);
  const isOurs = entry.upper === undefined;
  const known = lowers.flatMap(({ real }) => (real === undefined ? [] : [real]));
  assembly.mounted(place, { kind: 'layers', lowers: known, isOurs, attributes }, fd);
}

/** What the kernel could only half do is refused. */
function checkKernel(assembly: Assembly, entry: OverlayEntry, { spec }: FilesContext): void {
  const { host } = assembly;
  const isUsers = spec.unshare.includes('user');
  if (isUsers && !host.overlayUserXattr) {
    throw assembly.refuse('overlays in a user namespace came with Linux 5.11, and this kernel is older');
  }
  if (entry.upper === undefined && host.overlayUserXattr && !host.tmpfsUserXattr) {
    throw assembly.refuse(
      'before Linux 6.6 a file system in memory cannot hold what an overlay notes of its directories',
      'name directories of the host for the changes: .overlay(target, { upper, work })',
    );
  }
  if ((entry.upper === undefined) !== (entry.work === undefined)) {
    throw assembly.refuse('an upper directory needs a work directory, and the other way round');
  }
  if (entry.upper !== undefined && entry.snapshot) {
    throw assembly.refuse('changes that go to an upper directory are there already: they need no snapshot');
  }
}

/** The layers below, the topmost first. */
function lowersOf(assembly: Assembly, entry: OverlayEntry, place: Place, { spec }: FilesContext): Lower[] {
  if (entry.lowers !== undefined) {
    if (entry.lowers.length === 0) throw assembly.refuse('an overlay needs something to lie on');
    return entry.lowers.map((path) => hostLower(assembly, hostDirectory(assembly, path, 'lower')));
  }
  const { mounted, rest } = assembly.view.mountOf(place.path);
  if (mounted.kind === 'host') {
    const real = posix.join(mounted.source, rest);
    refuseMountsBelow(assembly, real);
    return [{ source: { from: 'view', path: place.path }, real }];
  }
  // What is hidden by now, as a directory in a home, is meant as it is on the host: so are the sources of binds.
  const isOfHost = spec.root === undefined || spec.root.type === 'host';
  const onHost = isOfHost ? walk(assembly.host.files.at, entry.target, { followLast: true }) : undefined;
  if (typeof onHost === 'object' && onHost.file?.type === 'directory') return [hostLower(assembly, onHost.path)];
  return [{ source: { from: 'view', path: place.path }, real: undefined }];
}

function hostLower(assembly: Assembly, real: string): Lower {
  refuseMountsBelow(assembly, real);
  return { source: { from: 'host', path: real }, real };
}

/** What an earlier entry has put below would be hidden, be it there to protect something. */
function refuseOwnBelow(assembly: Assembly, path: string): void {
  const [below] = assembly.view.ownMountsBelow(path);
  if (below === undefined) return;
  throw assembly.refuse(
    `an earlier entry has put something at ${JSON.stringify(below)}, which the overlay would hide`,
    'give the overlay first, or name directories beside it',
  );
}

/** What the mounts that are covered do not allow, the overlay does not either. */
function attributesOf(assembly: Assembly, place: Place, lowers: readonly Lower[]): MountAttributes {
  const ofLowers = lowers.map(({ real }) => (real === undefined ? {} : assembly.view.hostMounts(real).attributes));
  const { readOnly: _, ...others } = Object.assign(
    {},
    ...ofLowers,
    coveredAttributes(assembly, place.path),
  ) as MountAttributes;
  return others;
}

/** An overlay shows what is on one file system alone: what is mounted below would be missing without a word. */
function refuseMountsBelow(assembly: Assembly, real: string): void {
  const below = assembly.host.files.mounts().find(({ path }) => isBelow(path, real));
  if (below === undefined) return;
  throw assembly.refuse(
    `${JSON.stringify(real)} has another file system below, at ${JSON.stringify(below.path)}, which an overlay does not show`,
    'name directories that have none, as /etc, /usr and /var',
  );
}

function accessOn(files: HostFiles, path: string): Access | undefined {
  const file = files.at(path);
  return file === undefined || file === denied ? undefined : file.access;
}

function hostDirectory(assembly: Assembly, path: string, name: string): string {
  const shown = `the ${name} directory ${JSON.stringify(path)}`;
  if (!path.startsWith('/')) throw assembly.refuse(`${shown} is not an absolute path`);
  const walked = walk(assembly.host.files.at, path, { followLast: true });
  if (typeof walked !== 'string' && walked.file?.type === 'directory') return walked.path;
  throw assembly.refuse(`${shown} is not there, or is no directory`);
}

/** The options that say where changes go. */
function writtenTo(
  assembly: Assembly,
  { target, upper, work, size, snapshot }: OverlayEntry,
  place: Place,
  lowers: readonly Lower[],
  { snapshots }: FilesContext,
): Record<string, string | Late<string>> {
  if (upper !== undefined && work !== undefined) {
    const [above, beside] = [hostDirectory(assembly, upper, 'upper'), hostDirectory(assembly, work, 'work')];
    if (above === beside || isBelow(above, beside) || isBelow(beside, above)) {
      throw assembly.refuse('the upper and the work directory have to be apart: neither in the other');
    }
    return pathsOf(assembly, above, beside);
  }
  const [lower] = lowers;
  const access =
    lower?.real === undefined
      ? assembly.accessAt(place.path)
      : assembly.accessOf(accessOn(assembly.host.files, lower.real));
  if (snapshot) {
    if (lowers.length !== 1 || lower?.real === undefined) {
      throw assembly.refuse(
        `${JSON.stringify(target)} is no directory of the host by now: there is nothing to compare with`,
      );
    }
    return snapshots.add(assembly, { target: place.path, lower: lower.real, size, access });
  }
  const { fd, name } = changesInMemory(assembly, size);
  assembly.emit(
    ...makeLike(fd, 'upper', access),
    mkdirat.step(fd, 'work', 0o755).because('the kernel prepares changes here'),
  );
  return { upperdir: `${name}/upper`, workdir: `${name}/work` };
}

/**
 * Paths for two directories of the host in which no character has a meaning. They have to be on one mount: so what is above both is
 * bound, and they are opened in there.
 */
function pathsOf(assembly: Assembly, upper: string, work: string): Record<'upperdir' | 'workdir', Late<string>> {
  const { above, bound } = openAbove(assembly, upper, work);
  const pathOf = (path: string, placeholder: string) => {
    const { steps: walked, opened } = walkBeneath(bound, path.slice(above.length), 'directory');
    const why = 'under a number that is known beforehand: in its path no character has a meaning';
    assembly.emit(
      ...walked.map((step) => step.because(`${path} of the host`)),
      dup3.step(opened, late(placeholder), O.CLOEXEC).because(why),
    );
    return new Late<string>([placeholder], `"/proc/self/fd/<${placeholder}>"`, (number) => `/proc/self/fd/${number}`);
  };
  return { upperdir: pathOf(upper, overlayPlaceholders.upper), workdir: pathOf(work, overlayPlaceholders.work) };
}

/** What is above both, open for writing. In a new root the host's tree is as it was, and can be opened as it is. */
function openAbove(assembly: Assembly, upper: string, work: string): { above: string; bound: Operand<Fd> } {
  if (assembly.host.mountCalls === 'classic') {
    const root = openRoot();
    assembly.emit(root);
    return { above: '', bound: root.result };
  }
  const above = commonDirectory(upper, work);
  const { name, steps } = assembly.staging.directory('changes');
  assembly.emit(...steps);
  return { above, bound: assembly.calls.stageBind(assembly, { from: 'host', path: above }, name, true) };
}

/** The last directory that is above both. */
function commonDirectory(one: string, other: string): string {
  let above = dirname(one);
  while (!isBelow(other, above)) above = dirname(above);
  return above;
}
