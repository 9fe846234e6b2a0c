import { closeSync, fstatSync, openSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { O } from '../../sys/index.js';
import { type Entry, type EntryType, entryOf } from './entry.js';
import { named, SnapshotError } from './snapshot-error.js';

/**
 * Each directory on the way is held open, in both layers: so much of what the caller may open is in use at most. Whoever
 * makes directories makes as many in each other as there is room for.
 */
export const mostLevels = 128;

/**
 * An open directory of a tree. What is in it is reached through its descriptor and a single name: so no link on the way
 * leads elsewhere, whoever puts one there meanwhile, and no path gets too long.
 */
export class Directory {
  readonly fd: number;
  /** A path that stands for the directory itself, whatever happens to its name, and that has to be followed like a link. */
  readonly held: string;
  /** One for calls that follow no link: the caller needs the right to enter the directory. */
  readonly path: Buffer;
  /** Where it is in its tree; empty for the top. */
  readonly trail: Buffer;
  readonly #top: string;
  /** How many directories it is below the top. */
  readonly #level: number;

  /** @param top - how the top of its tree is called for people. */
  constructor(fd: number, top: string, trail: Buffer, level: number) {
    this.fd = fd;
    this.trail = trail;
    this.#top = top;
    this.#level = level;
    this.held = heldPath(fd);
    this.path = this.at(Buffer.from('.'));
  }

  /** The path of something in it. */
  at(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.held}/`), name]);
  }

  /** Where something in it is in the tree. */
  trailTo(name: Buffer): Buffer {
    return this.trail.length === 0 ? name : Buffer.concat([this.trail, Buffer.from('/'), name]);
  }

  /** How something in it is called for people. */
  shown(name: Buffer): string {
    return `${this.#top === '/' ? '' : this.#top}/${this.trailTo(name).toString()}`;
  }

  /** The names in it, in the order of their bytes. */
  async names(): Promise<Buffer[]> {
    return (await readdir(this.held, { encoding: 'buffer' })).sort(Buffer.compare);
  }

  /** What the directory itself is. */
  self(): Entry {
    return entryOf(fstatSync(this.fd, { bigint: true }));
  }

  /** What has this name: a link itself. */
  async entry(name: Buffer): Promise<Entry | undefined> {
    try {
      return entryOf(await lstat(this.at(name), { bigint: true }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Enters a directory that is in it, for as long as `use` runs. A link to one is refused; so is one that is more than
   * {@link mostLevels} below the top.
   */
  async enter<T>(name: Buffer, use: (directory: Directory) => Promise<T>): Promise<T> {
    if (this.#level === mostLevels) {
      throw new SnapshotError(this.shown(name), `it is more than ${mostLevels} directories deep, which is the limit`);
    }
    return withDescriptor(this.at(name), O.DIRECTORY | O.NOFOLLOW, (fd) =>
      use(new Directory(fd, this.#top, this.trailTo(name), this.#level + 1)),
    );
  }

  /**
   * Holds something that is in it, for as long as `use` runs: under a path that stands for it whatever happens to its
   * name, and that has to be followed like a link, also where it is one.
   *
   * @param type - what it was when it was looked at: something else is refused.
   */
  hold<T>(name: Buffer, type: EntryType, use: (held: string, entry: Entry) => Promise<T>): Promise<T> {
    return withDescriptor(this.at(name), O.NOFOLLOW, async (fd) => {
      const entry = entryOf(fstatSync(fd, { bigint: true }));
      if (entry.type !== type) throw new SnapshotError(this.shown(name), 'something else took its place meanwhile');
      return use(heldPath(fd), entry);
    });
  }
}

/** Opens the top of a tree, for as long as `use` runs. `shown` is how it is called for people. */
export function withTree<T>(path: string, shown: string, use: (top: Directory) => Promise<T>): Promise<T> {
  const open = () => withDescriptor(path, O.DIRECTORY, (fd) => use(new Directory(fd, shown, Buffer.alloc(0), 0)));
  return named(path, 'opening the directory', open);
}

function heldPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/**
 * With `O_PATH` the file itself is not opened: no permission on it is needed, no device does anything, and nothing is
 * waited for, since what was just looked at is in memory. So this is done at once.
 */
async function withDescriptor<T>(path: string | Buffer, flags: number, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = openSync(path, O.PATH | flags);
  try {
    return await use(fd);
  } finally {
    closeSync(fd);
  }
}
