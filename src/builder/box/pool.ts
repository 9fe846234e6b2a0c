import { IsolateError, SpecError } from '../../sys/index.js';
import type { OutputEncoding } from '../process/collect/encoding.js';
import { collect, type RunResult } from '../process/run.js';
import type { RunOptions } from '../process/run-options.js';
import type { RunningProcess } from '../process/running-process.js';
import type { SpawnOptions } from '../process/spawn-options.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { Box } from './box.js';
import { openBox } from './open-box.js';
import { Waiters } from './waiters.js';

/** How a pool is made. */
export interface PoolOptions {
  /** How many boxes are kept ready, 1 to 1024. */
  readonly size: number;
}

const largest = 1024;

/** Milliseconds without a start or an end of a command, after which boxes that were taken are replaced. */
const moment = 3;

/** The part of its boxes below which a pool does not wait for such a moment. */
const few = 1 / 4;

/** How many boxes are opened at once to fill it: more would only wait for one another. */
const openedAtOnce = 2;

/**
 * Boxes that are ready before they are needed. Each is used for one command, and closed when that ends; others are opened in the
 * background, when no command starts or ends, or few are left. Where commands are started faster than boxes are opened, `spawn` waits. Close it when it is not needed any more. A
 * pool does not keep the event loop going; its commands do.
 */
export class Pool implements AsyncDisposable {
  readonly spec: ProcessSpec;
  readonly size: number;
  readonly #ready = new Set<Box>();
  readonly #used = new Set<Box>();
  readonly #waiters = new Waiters<Box>();
  readonly #opening = new Set<Promise<void>>();
  readonly #end = new AbortController();
  /** Runs out when nothing has happened for a moment. */
  readonly #rest = setTimeout(() => this.#fill(), moment).unref();

  /** @internal */
  constructor(spec: ProcessSpec, { size }: PoolOptions) {
    if (!Number.isInteger(size) || size < 1 || size > largest) {
      throw new SpecError('size', `${size} is not a number of boxes from 1 to ${largest}`);
    }
    this.spec = spec;
    this.size = size;
    this.#fill();
  }

  /** How many boxes are ready now. */
  get ready(): number {
    return this.#ready.size;
  }

  /**
   * Starts a command in a box of its own that was made ready. What the command leaves behind in its PID namespace ends with it.
   *
   * @throws SpecError, StepError - as {@link Sandbox.spawn}; also why no box could be opened. AbortError - the signal was aborted, also
   * while it waited for a box. IsolateError ERR_ISOLATE_POOL_CLOSED.
   */
  async spawn(file: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<RunningProcess> {
    for (let lost = 0; ; lost++) {
      const box = await this.#take(options.signal);
      try {
        const running = await box.spawnWith(file, args, options, box.snapshot);
        this.#replaceAfter(running, box);
        return running;
      } catch (error) {
        await this.#discard(box);
        this.#fill();
        if (this.#end.signal.aborted) throw closedError(error);
        // It ended while it was ready, or just now: so may others have, but not any number of them.
        const hasEnded = error instanceof IsolateError && error.code === 'ERR_ISOLATE_BOX_CLOSED';
        if (!hasEnded || lost > this.size) throw error;
      }
    }
  }

  /** Runs a command to its end, as {@link Sandbox.run}, in a box of its own that was made ready. */
  async run<E extends OutputEncoding = 'text', A extends boolean = false>(
    file: string,
    args: readonly string[] = [],
    options: RunOptions<E, A> = {},
  ): Promise<RunResult<E, A>> {
    return collect(this.spec, options, (spawnOptions) => this.spawn(file, args, spawnOptions));
  }

  /** Ends all of its boxes, also those with commands in them. Who waits for one gets an error. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#end.abort();
    clearTimeout(this.#rest);
    this.#waiters.rejectAll(closedError());
    await Promise.all(this.#opening);
    await Promise.all([
      ...[...this.#ready].map((box) => this.#discard(box)),
      // Their snapshots are those of their commands.
      ...[...this.#used].map((box) => this.#close(box)),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #take(signal: AbortSignal | undefined): Promise<Box> {
    if (this.#end.signal.aborted) throw closedError();
    signal?.throwIfAborted();
    const [box] = this.#ready;
    if (box === undefined) {
      const waiting = this.#waiters.wait(signal);
      this.#fill();
      return waiting;
    }
    this.#ready.delete(box);
    return this.#use(box);
  }

  #use(box: Box): Box {
    this.#used.add(box);
    return box;
  }

  /** Closes a box that no command has used, or could use. */
  async #discard(box: Box): Promise<void> {
    await this.#close(box);
    await box.snapshot?.discard();
  }

  async #close(box: Box): Promise<void> {
    await box.close();
    this.#used.delete(box);
    this.#ready.delete(box);
  }

  /** The command comes first, and who waits for its end. */
  #replaceAfter({ exited }: RunningProcess, box: Box): void {
    this.#rest.refresh();
    const replace = () => {
      // What the command changed is its own from now on. A box that cannot be ended is told of by close().
      this.#close(box).catch(() => {});
      if (this.#ready.size < this.size * few) this.#fill();
      else this.#rest.refresh();
    };
    void exited.then(() => setImmediate(replace));
  }

  /** Opens what is missing. After a failure nobody tries again until somebody asks for a box. */
  #fill(): void {
    const missing = () => this.size + this.#waiters.count - this.#ready.size - this.#opening.size;
    while (!this.#end.signal.aborted && this.#opening.size < openedAtOnce && missing() > 0) {
      const opening = this.#open().then((isToGoOn) => {
        this.#opening.delete(opening);
        if (isToGoOn) setImmediate(() => this.#fill());
      });
      this.#opening.add(opening);
    }
  }

  /**
   * Opens one. Where that fails, who has waited longest is told, if it was waiting when this began: whoever came later may have more
   * luck.
   */
  async #open(): Promise<boolean> {
    const { came } = this.#waiters;
    try {
      this.#add(await openBox(this.spec, { signal: this.#end.signal }));
      return true;
    } catch (error) {
      this.#waiters.reject(error, came);
      return this.#waiters.count > 0;
    }
  }

  #add(box: Box): void {
    if (!this.#end.signal.aborted && this.#waiters.resolve(box)) {
      this.#use(box);
      return;
    }
    this.#ready.add(box);
    // One that is ended while it waits, by the OOM killer for one, is no use. It is replaced when somebody asks for a box.
    void box.closed.then(() => {
      if (this.#ready.delete(box)) void box.snapshot?.discard();
    });
  }
}

function closedError(cause?: unknown): IsolateError {
  const message = 'the pool is closed: it starts nothing any more';
  return new IsolateError('ERR_ISOLATE_POOL_CLOSED', message, cause === undefined ? undefined : { cause });
}
