import type { NewFileSystem } from '../../../ns/index.js';
import {
  close,
  type Fd,
  mkdirat,
  mknodat,
  O,
  type Operand,
  openat,
  S_IF,
  type Step,
  write,
} from '../../../sys/index.js';

/** Room for names, beside the contents of files: what lies there may be written by the command where it is mounted. */
const spare = 2 ** 20;

/** The file system for it. `contents`: bytes of all files that may come to lie there. */
export function stagingFileSystem(contents: number): NewFileSystem {
  return {
    type: 'tmpfs',
    options: { mode: '0700', size: String(contents + spare) },
    attributes: { nosuid: true, nodev: true },
  };
}

/** A name in the staging file system. */
export interface Staged {
  readonly steps: readonly Step[];
  readonly name: string;
}

/**
 * A file system in memory on top of the root, where things lie that are then mounted elsewhere: contents of files, what masks, layers
 * of overlays. Only what names it leads there. It is gone before the command runs.
 */
export class Staging {
  readonly fd: Operand<Fd>;
  readonly #make: readonly Step[];
  readonly #shared = new Set<string>();
  #count = 0;

  constructor({ steps, fd }: { readonly steps: readonly Step[]; readonly fd: Operand<Fd> }) {
    this.#make = steps.map((step) => step.because('a place to put things together, which nothing leads to'));
    this.fd = fd;
  }

  /** The steps that make it; none if nothing was laid there. */
  get steps(): readonly Step[] {
    return this.isUsed ? this.#make : [];
  }

  get isUsed(): boolean {
    return this.#count > 0;
  }

  /** A directory for one purpose. */
  directory(purpose: string, mode = 0o755): Staged {
    const name = `${purpose}${this.#count++}`;
    return { name, steps: [mkdirat.step(this.fd, name, mode)] };
  }

  /** An empty file, or an empty directory, that nobody writes: one for all. */
  nothing(what: 'file' | 'directory'): Staged {
    const name = `empty-${what}`;
    if (this.#shared.has(name)) return { name, steps: [] };
    this.#shared.add(name);
    this.#count++;
    const step =
      what === 'file' ? mknodat.step(this.fd, name, S_IF.REG | 0o444, 0) : mkdirat.step(this.fd, name, 0o555);
    return { name, steps: [step.because('what is masked shows this instead')] };
  }

  /** A file with contents. */
  file(contents: Uint8Array, mode: number): Staged {
    const name = `file${this.#count++}`;
    return { name, steps: writeNewFile(this.fd, name, contents, mode) };
  }

  /** The path of something staged, for a call that takes only paths. */
  at(name: string): { dir: Operand<Fd>; path: string } {
    return { dir: this.fd, path: name };
  }
}

/** Steps that make a file in a directory of ours. It is closed again: a file that is open for writing keeps its mount writable. */
export function writeNewFile(directory: Operand<Fd>, name: string, contents: Uint8Array, mode: number): Step[] {
  const file = openat
    .step(directory, name, O.CREAT | O.EXCL | O.WRONLY | O.NOFOLLOW | O.CLOEXEC, mode)
    .because(`makes ${name}`);
  const filled =
    contents.length === 0 ? [] : [write.step(file.result, contents).expecting(contents.length).because('its contents')];
  return [file, ...filled, close.step(file.result).because('nothing of it stays open for writing')];
}
