import { close, type Fd } from '../../sys/index.js';
import { applyChanges, checkChanges } from './apply-changes.js';
import type { Change } from './change.js';
import type { SnapshotPart } from './part.js';
import { readChanges } from './read-changes.js';
import { readChanged } from './read-file.js';
import { SnapshotError } from './snapshot-error.js';

/** Nobody may have kept a snapshot that was not thrown away: its memory goes with it. */
const forgotten = new FinalizationRegistry<Fd>((fd) => close(fd));

/**
 * What a command changed in the directories that were given as {@link Sandbox.snapshot}. It is in memory until it is thrown away: by
 * {@link Snapshot.discard}, at the end of an `await using`, or with this program. Look at it when the command has ended, and no
 * process of it is left: until then it may change.
 */
export class Snapshot implements AsyncDisposable {
  readonly #parts: readonly SnapshotPart[];
  readonly #fd: Fd;
  /** What reads the changes at this moment, by paths with the number of the descriptor: so it stays open as long. */
  readonly #running = new Set<Promise<unknown>>();
  #discarded: Promise<void> | undefined;

  /** @internal */
  constructor(fd: Fd, parts: readonly SnapshotPart[]) {
    this.#fd = fd;
    this.#parts = parts;
    forgotten.register(this, fd, this);
  }

  /**
   * What was added, modified and deleted, as against the directories of the host as they are now: parents before what is in them.
   *
   * @param options - `signal` ends it before the next file, with its reason as the error.
   * @throws IsolateError - it was thrown away, something in it cannot be read, or directories are more than 128 deep in each other.
   */
  async changes({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Change[]> {
    return this.#use(async (layers) => {
      // One after the other: each may take many descriptors.
      const lists: Change[][] = [];
      for (const layer of layers) lists.push(await readChanges(layer, { signal }));
      return lists.flat();
    });
  }

  /**
   * The contents of a file that was added or modified, by its path for the command. No symbolic link is followed.
   *
   * @throws IsolateError - it was not changed, or is no file.
   */
  async read(path: string): Promise<Buffer> {
    return this.#use(async (layers) => {
      const part = layers.find(({ target }) => path.startsWith(target === '/' ? '/' : `${target}/`));
      if (part === undefined) throw new SnapshotError(path, 'it is in no directory of this snapshot');
      return readChanged(part.upper, path.slice(part.target === '/' ? 1 : part.target.length + 1), path);
    });
  }

  /**
   * Makes the directories of the host what the command saw. The snapshot stays as it is.
   *
   * Files are replaced as a whole: access control lists, file capabilities and other `security.` attributes of what was there are
   * lost, and new ones are not taken over. Permissions are, except that a file has no set-user-ID and no set-group-ID bit then, with
   * which it would lend the rights of its owner: `setId` lets it have them. ({@link Change.mode} tells which files that are.) Where
   * contents, owner and permissions are what they are on the host, so are those bits.
   *
   * @param options - `setId`: files may have such bits. `signal` ends it before the next file or within a long one, with its reason as
   * the error: what was applied by then stays, and no half of a file.
   * @throws IsolateError - there are devices or sockets among it, or it cannot be read, as in {@link Snapshot.changes}, before anything
   * is done; or the host does not allow something, which may come after other things were done.
   */
  async apply({
    setId = false,
    signal,
  }: {
    readonly setId?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {}): Promise<void> {
    return this.#use(async (layers) => {
      // The last of several may be what cannot be applied: then nothing is.
      if (layers.length > 1) for (const layer of layers) await checkChanges(layer, { signal });
      for (const layer of layers) await applyChanges(layer, { setId, signal });
    });
  }

  /**
   * Throws the changes away, and the memory that they take: as soon as what reads them at this moment has ended. Nothing new is
   * begun from now on.
   */
  discard(): Promise<void> {
    this.#discarded ??= this.#close();
    return this.#discarded;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    forgotten.unregister(this);
    close(this.#fd);
  }

  /** Nobody else may have kept the snapshot: it is not forgotten as long as `work` runs, which holds it by what comes after. */
  async #use<T>(work: (layers: SnapshotPart[]) => Promise<T>): Promise<T> {
    if (this.#discarded !== undefined) throw new SnapshotError('the snapshot', 'it was thrown away');
    const running = work(this.#parts.map((part) => ({ ...part, upper: `/proc/self/fd/${this.#fd}/${part.upper}` })));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}
