import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';

/**
 * A file whose text is written anew now and then. A regular file always has a whole one: another file takes its place. Where none can,
 * since it was reached through a link or a descriptor, or its directory cannot be written, it is written over. Anything else, as a
 * pipe, gets the last text only.
 */
export class StatusFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #stats: Stats;
  #isReplaced = false;
  #length = 0;

  /** Opens and empties it, as a shell does for `>`: a named pipe, when there is a reader. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'w');
    this.#stats = fstatSync(this.#fd);
  }

  /** Writes a text that is not the last. If it cannot be written, the last one tells. */
  write(text: string): void {
    try {
      if (this.#stats.isFile()) this.#writeWhole(text);
    } catch {}
  }

  /** Writes the last text. */
  end(text: string): void {
    try {
      if (this.#stats.isFile()) this.#writeWhole(text);
      else writeAll(this.#fd, text, null);
    } finally {
      closeSync(this.#fd);
    }
  }

  #writeWhole(text: string): void {
    if (this.#isReplaced) this.#replace(text);
    else if (this.#isAtItsPath() && this.#canReplace(text)) this.#isReplaced = true;
    else this.#writeOver(text);
  }

  /** Where another file cannot take its place, it can still be written over. */
  #canReplace(text: string): boolean {
    try {
      this.#replace(text);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether it is the path itself, and no other, that names it. */
  #isAtItsPath(): boolean {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    const { ino, dev } = this.#stats;
    return found !== undefined && found.ino === ino && found.dev === dev && found.nlink === 1;
  }

  #replace(text: string): void {
    const other = `${this.#path}.${process.pid}.tmp`;
    const fd = openSync(other, 'wx', 0o600);
    try {
      fchownSync(fd, this.#stats.uid, this.#stats.gid);
      fchmodSync(fd, this.#stats.mode & 0o777);
      writeAll(fd, text, null);
      renameSync(other, this.#path);
    } catch (error) {
      rmSync(other, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** A text that is shorter than the one before ends in spaces: so nothing is left of that, and it is never cut. */
  #writeOver(text: string): void {
    const bytes = Buffer.byteLength(text);
    const spaces = Math.max(0, this.#length - bytes);
    this.#length = bytes + spaces;
    writeAll(this.#fd, `${text.trimEnd()}${' '.repeat(spaces)}\n`, 0);
  }
}

function writeAll(fd: number, text: string, from: number | null): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(fd, bytes, at, bytes.length - at, from === null ? null : from + at);
  }
}
