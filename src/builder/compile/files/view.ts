import { posix } from 'node:path';
import type { MountAttributes } from '../../../ns/index.js';
import type { denied, HostFile, HostFiles } from '../../spec/host-files.js';
import { inside, isBelow } from './walk.js';

/** A mount that is known of, and what it does not allow. */
export interface KnownMount {
  readonly path: string;
  /** The kind of its file system, of one of the host. */
  readonly type?: string | undefined;
  readonly attributes: MountAttributes;
}

/** What is mounted at a place of the view. */
export type Mounted = {
  readonly attributes: MountAttributes;
  /** It is closed for writing when all is in place, on behalf of this part of the spec. */
  readonly closing?: string;
} & Contents;

type Contents =
  /** A file system that is ours alone, where things can be made. */
  | { readonly kind: 'ours' }
  /** A part of the host. */
  | { readonly kind: 'host'; readonly source: string }
  /** A file system of the kernel, which looks as that on the host does at `like`. */
  | { readonly kind: 'kernel'; readonly like: string | undefined }
  /** Directories of the host, one behind the other; what is made there stays ours, or goes to a directory of the host. */
  | { readonly kind: 'layers'; readonly lowers: readonly string[]; readonly isOurs: boolean };

/**
 * What the process will find at each place, as far as that is known while the plan is made: what has been mounted and made so far,
 * and what the host says of its own files. It decides what has to be made; that nothing leads elsewhere is up to the steps.
 */
export class View {
  readonly #files: HostFiles;
  readonly #mounts = new Map<string, Mounted>();
  readonly #made = new Map<string, HostFile>();

  constructor(files: HostFiles, root: Mounted) {
    this.#files = files;
    this.#mounts.set('/', root);
  }

  /** What is there, a symbolic link itself. */
  readonly at = (path: string): HostFile | typeof denied | undefined => {
    const made = this.#made.get(path);
    if (made !== undefined) return made;
    const { mounted, rest } = this.mountOf(path);
    if (rest === '' && mounted.kind !== 'host') return { type: 'directory' };
    if (mounted.kind === 'host') return this.#files.at(posix.join(mounted.source, rest));
    if (mounted.kind === 'kernel' && mounted.like !== undefined) return this.#files.at(posix.join(mounted.like, rest));
    if (mounted.kind !== 'layers') return undefined;
    for (const lower of mounted.lowers) {
      const found = this.#files.at(posix.join(lower, rest));
      if (found !== undefined) return found;
    }
    return undefined;
  };

  /** The mount that a path is on, where that is, and the rest of the path, which begins with a slash or is empty. */
  mountOf(path: string): { readonly mounted: Mounted; readonly place: string; readonly rest: string } {
    let place = path;
    for (;;) {
      const mounted = this.#mounts.get(place);
      if (mounted !== undefined) {
        return { mounted, place, rest: place === '/' ? (path === '/' ? '' : path) : path.slice(place.length) };
      }
      place = posix.dirname(place);
    }
  }

  /** What is to be closed for writing, and can still be seen. */
  closing(): { readonly path: string; readonly from: string }[] {
    return [...this.#mounts].flatMap(([path, { closing }]) => (closing === undefined ? [] : [{ path, from: closing }]));
  }

  /** Where proc and sysfs are mounted, by the directory of the host that they are like. */
  kernelPlaces(): { readonly path: string; readonly like: string }[] {
    return [...this.#mounts].flatMap(([path, mounted]) =>
      mounted.kind === 'kernel' && mounted.like !== undefined ? [{ path, like: mounted.like }] : [],
    );
  }

  /** What we have mounted below a path. */
  ownMountsBelow(path: string): readonly string[] {
    return this.#placesBelow(path);
  }

  /** Whether a path is where something is mounted, by us or on the host. */
  isMountPoint(path: string): boolean {
    const { mounted, place, rest } = this.mountOf(path);
    if (place === path) return true;
    if (mounted.kind !== 'host') return false;
    const source = posix.join(mounted.source, rest);
    return this.#files.mounts().some((mount) => mount.path === source);
  }

  /** Something is mounted there, and hides what was below. */
  mount(path: string, mounted: Mounted): void {
    this.#forgetBelow(path);
    this.#made.delete(path);
    this.#mounts.set(path, mounted);
  }

  /** What is seen at a place is mounted there once more, with other attributes and all that is below. */
  rebind(path: string, attributes: MountAttributes): void {
    const { mounted, rest } = this.mountOf(path);
    this.#mounts.set(path, {
      ...(mounted.kind === 'host' ? { ...mounted, source: posix.join(mounted.source, rest) } : mounted),
      ...(mounted.kind === 'kernel' && mounted.like !== undefined ? { like: posix.join(mounted.like, rest) } : {}),
      ...(mounted.kind === 'layers' ? { lowers: mounted.lowers.map((lower) => posix.join(lower, rest)) } : {}),
      attributes: { ...mounted.attributes, ...attributes },
    });
    this.change(path, attributes, true);
  }

  /** Something is made on a file system of ours. */
  make(path: string, file: HostFile): void {
    this.#made.set(path, file);
  }

  /** A directory of the host is seen through a layer of ours, where things can be made. */
  cover(path: string, attributes: MountAttributes, closing: string): void {
    const { mounted, rest } = this.mountOf(path);
    if (mounted.kind !== 'host') return;
    this.#mounts.set(path, {
      kind: 'layers',
      lowers: [posix.join(mounted.source, rest)],
      isOurs: true,
      attributes,
      closing,
    });
  }

  /** A directory of the host becomes one of ours with the same entries: what is mounted below stays. */
  split(path: string, closing: string, entries: readonly (readonly [name: string, file: HostFile])[]): void {
    const { mounted, rest } = this.mountOf(path);
    if (mounted.kind !== 'host') return;
    const source = posix.join(mounted.source, rest);
    const below = this.#placesBelow(path).map((place) => [place, this.#mounts.get(place) as Mounted] as const);
    this.#mounts.set(path, { kind: 'ours', attributes: { nosuid: true, nodev: true }, closing });
    for (const [name, file] of entries) {
      const place = inside(path, name);
      if (file.type === 'symlink') this.#made.set(place, file);
      else this.#mounts.set(place, { ...mounted, source: posix.join(source, name) });
    }
    for (const [place, one] of below) this.#mounts.set(place, one);
  }

  /** What the mount at the top of a path does not allow. */
  attributesAt(path: string): MountAttributes {
    return this.mountOf(path).mounted.attributes;
  }

  /** What is mounted below a path of the host, with paths that start from it, and what it does not allow itself. */
  static hostMounts(
    files: HostFiles,
    source: string,
  ): { readonly attributes: MountAttributes; readonly below: readonly KnownMount[] } {
    const mounts = files.mounts();
    const own = mounts.filter(({ path }) => path === source || isBelow(source, path));
    const longest = own.reduce<KnownMount | undefined>(
      (best, one) => (best !== undefined && best.path.length > one.path.length ? best : one),
      undefined,
    );
    const below = mounts
      .filter(({ path }) => isBelow(path, source))
      .map((mount) => ({ ...mount, path: source === '/' ? mount.path : mount.path.slice(source.length) }));
    return { attributes: longest?.attributes ?? {}, below };
  }

  /** The same of this host. */
  hostMounts(source: string): ReturnType<typeof View.hostMounts> {
    return View.hostMounts(this.#files, source);
  }

  /** What is mounted below a path of the view, with paths that start from it. */
  mountsBelow(path: string): KnownMount[] {
    const found = new Map<string, Omit<KnownMount, 'path'>>();
    const top = this.mountOf(path);
    const parts = [
      { ...top, path },
      ...this.#placesBelow(path).map((place) => ({ ...this.mountOf(place), path: place })),
    ];
    for (const { mounted, rest, path: start } of parts) {
      if (start !== path) found.set(start, { attributes: mounted.attributes });
      if (mounted.kind !== 'host') continue;
      for (const one of this.hostMounts(posix.join(mounted.source, rest)).below) {
        const place = posix.join(start, one.path);
        if (this.mountOf(place).place === this.mountOf(start).place)
          found.set(place, { type: one.type, attributes: { ...one.attributes, ...mounted.attributes } });
      }
    }
    return [...found].map(([place, mount]) => ({ ...mount, path: path === '/' ? place : place.slice(path.length) }));
  }

  /** The names in a directory of the host that is seen here. */
  list(path: string): readonly string[] | typeof denied {
    const { mounted, rest } = this.mountOf(path);
    return mounted.kind === 'host' ? this.#files.list(posix.join(mounted.source, rest)) : [];
  }

  /** The attributes of the mounts at a path and below change. */
  change(path: string, attributes: MountAttributes, recursive: boolean): void {
    for (const place of [path, ...(recursive ? this.#placesBelow(path) : [])]) {
      const mounted = this.#mounts.get(place);
      if (mounted !== undefined)
        this.#mounts.set(place, { ...mounted, attributes: { ...mounted.attributes, ...attributes } });
    }
  }

  #placesBelow(path: string): string[] {
    return [...this.#mounts.keys()].filter((place) => isBelow(place, path));
  }

  #forgetBelow(path: string): void {
    for (const place of this.#placesBelow(path)) this.#mounts.delete(place);
    for (const place of [...this.#made.keys()]) if (isBelow(place, path)) this.#made.delete(place);
  }
}
