import { mkdirat } from '../../../sys/index.js';
import type { SnapshotPart } from '../../snapshot/part.js';
import { giveBack, givenBack } from '../give-back.js';
import type { AccessInside } from './access-inside.js';
import type { Assembly } from './assembly.js';
import { type ChangesInMemory, changesInMemory } from './changes-in-memory.js';
import { makeLike } from './make-like.js';

interface SnapshotToKeep {
  readonly target: string;
  /** The directory of the host below. */
  readonly lower: string;
  readonly size: number | string | undefined;
  readonly access: AccessInside;
}

/** The overlays of one plan whose changes are kept: together in one file system in memory, which the caller gets. */
export class Snapshots {
  readonly #parts: SnapshotPart[] = [];
  #storage: ChangesInMemory | undefined;
  #size: number | string | undefined;

  get parts(): readonly SnapshotPart[] {
    return this.#parts;
  }

  /** Where the changes of another overlay go: two directories, by paths that start from the staging file system. */
  add(assembly: Assembly, { target, lower, size, access }: SnapshotToKeep) {
    const { fd, name } = this.#storageOf(assembly, size);
    const [upper, work] = [`upper${this.#parts.length}`, `work${this.#parts.length}`];
    assembly.emit(
      ...makeLike(fd, upper, access),
      mkdirat.step(fd, work, 0o755).because('the kernel prepares changes here'),
    );
    this.#parts.push({ target, lower, upper });
    return { upperdir: `${name}/${upper}`, workdir: `${name}/${work}` };
  }

  #storageOf(assembly: Assembly, size: number | string | undefined) {
    if (this.#storage !== undefined) {
      if (size !== undefined && size !== this.#size) {
        throw assembly.refuse('the changes of all snapshots are kept together', 'give the size with the first of them');
      }
      return this.#storage;
    }
    this.#size = size;
    const storage = changesInMemory(assembly, size);
    const why = 'the caller looks at the changes when the command has ended';
    assembly.emit(...giveBack(storage.fd, givenBack.changes, why));
    this.#storage = storage;
    return storage;
  }
}
