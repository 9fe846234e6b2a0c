import { posix } from 'node:path';
import { type At, attachTree, type Opened, openBeneath, walkBeneath } from '../../../ns/index.js';
import { type Fd, mkdirat, mknodat, type Operand, S_IF, SpecError, type Step, symlinkat } from '../../../sys/index.js';
import type { Host } from '../../spec/host.js';
import type { HostFile } from '../../spec/host-files.js';
import { type Section, section } from '../section.js';
import type { AccessInside, AccessTranslator } from './access-inside.js';
import type { Ground } from './ground.js';
import type { IdmappedTree } from './idmapped-tree.js';
import type { MountCalls } from './mount-calls.js';
import type { Place } from './place.js';
import type { Staging } from './staging.js';
import type { Mounted, View } from './view.js';
import { inside, isBelow, type Walked, walk } from './walk.js';

/** Permissions of directories that are made on the way to a place, and of files that something is mounted on. */
const directoryMode = 0o755;
const fileMode = 0o666;

/** Something has to be made in the root itself, which is not ours: another root is needed, with the same in it. */
export class RootIsFull extends Error {}

interface AssemblyParts {
  readonly host: Host;
  readonly view: View;
  readonly calls: MountCalls;
  readonly staging: Staging;
  readonly root: Operand<Fd>;
  /** Who may do what in a directory that takes the place of one on the host. */
  readonly accessOf: AccessTranslator;
  /** Sees to it that something can be made in a read-only directory of the host. */
  makeRoom(assembly: Assembly, path: string): void;
}

/**
 * The steps that make the view of the file system, while they are put together: what is in place so far, which directories are open,
 * and which part of the spec is being done.
 */
export class Assembly implements Ground {
  readonly host: Host;
  readonly view: View;
  readonly calls: MountCalls;
  readonly staging: Staging;
  readonly root: Operand<Fd>;
  /** Trees that the caller makes. */
  readonly idmaps: IdmappedTree[] = [];
  readonly accessOf: AccessTranslator;
  readonly #makeRoom: AssemblyParts['makeRoom'];
  readonly #early: Section[] = [];
  readonly #sections: Section[] = [];
  readonly #open = new Map<string, Operand<Fd>>();
  readonly #terminals: { readonly path: string; readonly fd: Operand<Fd> }[] = [];
  #from = '';

  constructor({ host, view, calls, staging, root, accessOf, makeRoom }: AssemblyParts) {
    this.host = host;
    this.view = view;
    this.calls = calls;
    this.staging = staging;
    this.root = root;
    this.accessOf = accessOf;
    this.#makeRoom = makeRoom;
    this.#open.set('/', root);
  }

  /** Everything that is emitted from here on comes from this part of the spec. */
  begin(from: string): void {
    this.#from = from;
  }

  get from(): string {
    return this.#from;
  }

  emit(...steps: readonly Step[]): void {
    this.#sections.push(section(this.#from, ...steps));
  }

  /** Steps that open what is on the host before anything is changed: sources are what they are for the caller. */
  emitEarly(...steps: readonly Step[]): void {
    this.#early.push(section(this.#from, ...steps));
  }

  get early(): readonly Section[] {
    return this.#early;
  }

  get sections(): readonly Section[] {
    return this.#sections;
  }

  /** Closes for writing what is ours, and not meant to be written. */
  finish(): void {
    for (const { path, from } of this.view.closing()) {
      this.begin(from);
      this.calls.change(this, path, { readOnly: true }, false);
    }
  }

  refuse(problem: string, help?: string): SpecError {
    return new SpecError('files', `${this.#from}: ${problem}`, help);
  }

  /** Where a path leads in the view. */
  walk(target: string, options: { readonly followLast: boolean } = { followLast: false }): Walked {
    const walked = walk(this.view.at, target, options);
    if (walked === 'denied') throw this.refuse(`${JSON.stringify(target)} cannot be reached: permission denied`);
    if (walked === 'loop') throw this.refuse(`${JSON.stringify(target)} leads through too many symbolic links`);
    if (walked === 'not a directory')
      throw this.refuse(`${JSON.stringify(target)} is below something that is no directory`);
    return walked;
  }

  /** An open directory of the view. `path` has no symbolic links. */
  directory(path: string): Operand<Fd> {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const fd = this.open(path, 'directory');
    this.#open.set(path, fd);
    return fd;
  }

  /** Opens what is at a path of the view now, whatever is mounted there. `path` has no symbolic links. */
  open(path: string, what: Opened): Operand<Fd> {
    if (path === '/') return this.root;
    const why = `${path}, and nothing outside of the root, whatever links are on the way`;
    const { steps, opened } = this.stepsTo(this.root, path.slice(1), what);
    this.emit(...steps.map((step) => step.because(why)));
    return opened;
  }

  stepsTo(directory: Operand<Fd>, path: string, what: Opened): { steps: readonly Step[]; opened: Operand<Fd> } {
    if (!this.host.openat2) return walkBeneath(directory, path, what);
    const step = openBeneath(directory, path, what);
    return { steps: [step], opened: step.result };
  }

  /** The place for a mount: it is made if it is not there, on a file system of ours. */
  place(target: string, what: Opened): Place {
    if (posix.normalize(target) === '/') {
      throw this.refuse('"/" is the root itself', 'use .hostRoot(), .emptyRoot() or .rootfs()');
    }
    const walked = this.walk(target);
    const { path, file } = walked;
    if (file === undefined) {
      const made = this.make(walked, what === 'directory' ? { type: 'directory' } : { type: 'file' });
      return { path: made, what, parent: this.directory(posix.dirname(made)), name: posix.basename(made), isNew: true };
    }
    this.#checkType(target, file, what);
    return { path, what, parent: this.directory(posix.dirname(path)), name: posix.basename(path), isNew: false };
  }

  #checkType(target: string, { type }: HostFile, what: Opened): void {
    if (type === 'symlink') {
      throw this.refuse(
        `${JSON.stringify(target)} is a symbolic link, and could lead anywhere`,
        'name the place that it leads to',
      );
    }
    if ((type === 'directory') === (what === 'directory')) return;
    throw this.refuse(
      type === 'directory'
        ? `${JSON.stringify(target)} is a directory, and what is to be there is none`
        : `${JSON.stringify(target)} is no directory, and what is to be there is one`,
    );
  }

  /** Makes what a path lacks, on file systems of ours alone; returns the path without symbolic links. */
  make({ path, missing }: Pick<Walked, 'path' | 'missing'>, file: HostFile, mode?: number): string {
    let at = this.roomIn({ path, missing });
    for (const [i, name] of missing.entries()) {
      if (name === '..') throw this.refuse(`there is no ".." of something that is not there`);
      const isLast = i === missing.length - 1;
      const next = inside(at, name);
      this.emit(
        this.#makeStep(this.directory(at), name, isLast ? file : { type: 'directory' }, isLast ? mode : undefined),
      );
      this.view.make(next, isLast ? file : { type: 'directory' });
      at = next;
    }
    return at;
  }

  #makeStep(parent: Operand<Fd>, name: string, file: HostFile, mode: number | undefined): Step {
    if (file.type === 'symlink') return symlinkat.step(file.link ?? '', parent, name).because(`makes ${name}`);
    if (file.type === 'directory') return mkdirat.step(parent, name, mode ?? directoryMode).because(`makes ${name}`);
    return mknodat
      .step(parent, name, S_IF.REG | (mode ?? fileMode), 0)
      .because(`makes ${name}, to mount something on it`);
  }

  /** Sees to it that the first name that is missing can be made without touching the host; returns the directory. */
  roomIn({ path, missing }: Pick<Walked, 'path' | 'missing'>): string {
    const { mounted } = this.view.mountOf(path);
    const wanted = JSON.stringify(inside(path, missing[0] as string));
    if (mounted.kind === 'ours' || (mounted.kind === 'layers' && mounted.isOurs)) {
      if (mounted.attributes.readOnly) throw this.refuse(`${wanted} is not there, and ${path} is read-only by now`);
      return path;
    }
    if (mounted.kind === 'kernel') throw this.refuse(`${wanted} is not there, and nothing can be made in ${path}`);
    if (mounted.kind === 'layers') {
      throw this.refuse(`${wanted} is not there, and would be made in the upper directory`, 'make it there yourself');
    }
    if (!mounted.attributes.readOnly) {
      throw this.refuse(
        `${wanted} is not there, and would have to be made on the host`,
        'make it before, or let the host be seen read-only: .hostRoot()',
      );
    }
    if (path === '/') throw new RootIsFull();
    this.#makeRoom(this, path);
    return path;
  }

  /** What is at a place by now. */
  openPlace({ path, what }: Place): Operand<Fd> {
    return this.open(path, what);
  }

  /** Attaches a tree to a place. */
  attach(tree: Operand<Fd>, place: Place): void {
    // A directory is not attached to a link; a file would be.
    const at: At =
      place.what === 'file' && !place.isNew
        ? { dir: this.openPlace(place), path: '' }
        : { dir: place.parent, path: place.name };
    this.emit(attachTree(tree, at).because(`is at ${place.path} from here on`));
  }

  /** The view has something else at a place from here on; `fd` is its root, where it is a directory. */
  mounted(place: Place, mounted: Mounted, fd: Operand<Fd> | undefined): void {
    this.view.mount(place.path, mounted);
    if (place.what === 'file') this.view.make(place.path, { type: 'file' });
    this.forget(place.path);
    if (fd !== undefined && place.what === 'directory') this.#open.set(place.path, fd);
  }

  /** What was open there is hidden. */
  forget(path: string): void {
    for (const known of [...this.#open.keys()]) {
      if (known === path || isBelow(known, path)) this.#open.delete(known);
    }
  }

  /** Who may do what in something that takes the place of a directory of the view: nobody more than in that. */
  accessAt(path: string): AccessInside {
    return this.accessOf(this.walk(path).file?.access);
  }

  /** Whether there is a directory at a path of the view, or something else. */
  typeOf(path: string): Opened {
    return this.walk(path).file?.type === 'directory' ? 'directory' : 'file';
  }

  /** A devpts is there: see {@link Assembly.terminals}. */
  hasTerminals(path: string, fd: Operand<Fd>): void {
    this.#terminals.push({ path, fd });
  }

  /** The devpts of the sandbox, if it can be seen: the one where programs look for it, or else the last one. */
  get terminals(): Operand<Fd> | undefined {
    const seen = this.#terminals.filter(({ path, fd }) => this.#open.get(path) === fd);
    return (seen.find(({ path }) => path === '/dev/pts') ?? seen.at(-1))?.fd;
  }

  /** A directory of the view that is open as `fd`. */
  isOpen(path: string, fd: Operand<Fd>): void {
    this.#open.set(path, fd);
  }
}
