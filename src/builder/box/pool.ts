import { IsolateError, SpecError } from '../../sys/index.js';
import type { OutputEncoding } from '../process/collect/encoding.js';
import { collect, type RunResult } from '../process/run.js';
import { type RunOptions, spawnOptionsOf } from '../process/run-options.js';
import type { RunningProcess } from '../process/running-process.js';
import { type SpawnOptions, timeLimit } from '../process/spawn-options.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { Box } from './box.js';
import { openBox } from './open-box.js';

/** How a pool is made. */
export interface PoolOptions {
  /** How many boxes are kept ready, 1 to 1024. */
  readonly size: number;
}

interface Waiter {
  resolve(box: Box): void;
  reject(error: unknown): void;
}

const largest = 1024;

/** How many boxes are opened at once to fill it: more would only wait for one another. */
const openedAtOnce = 2;

/**
 * Boxes that are ready before they are needed. Each is used for one command, and closed when that ends; another one is opened in the
 * background. Where commands are started faster than boxes are opened, `spawn` waits. Close it when it is not needed any more.
 */
export class Pool implements AsyncDisposable {
  readonly spec: ProcessSpec;
  readonly size: number;
  readonly #ready: Box[] = [];
  readonly #used = new Set<Box>();
  readonly #waiting: Waiter[] = [];
  readonly #opening = new Set<Promise<void>>();
  #isOpen = true;

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
    return this.#ready.length;
  }

  /**
   * Starts a command in a box of its own that was made ready. What the command leaves behind ends with it.
   *
   * @throws SpecError, StepError - as {@link Sandbox.spawn}; also why no box could be opened. IsolateError ERR_ISOLATE_POOL_CLOSED.
   */
  async spawn(file: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<RunningProcess> {
    options.signal?.throwIfAborted();
    const box = await this.#take();
    try {
      const running = await box.spawn(file, args, options);
      void running.exited.then(() => this.#discard(box));
      return running;
    } catch (error) {
      await this.#discard(box);
      throw error;
    }
  }

  /** Runs a command to its end, as {@link Sandbox.run}, in a box of its own that was made ready. */
  async run<E extends OutputEncoding = 'text', A extends boolean = false>(
    file: string,
    args: readonly string[] = [],
    options: RunOptions<E, A> = {},
  ): Promise<RunResult<E, A>> {
    const spawnOptions = spawnOptionsOf(this.spec, options);
    return collect(() => this.spawn(file, args, spawnOptions), options, timeLimit(this.spec, options));
  }

  /** Ends all of its boxes, also those with commands in them. Who waits for one gets an error. */
  async close(): Promise<void> {
    this.#isOpen = false;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    await Promise.all(this.#opening);
    await Promise.all([...this.#ready.splice(0), ...this.#used].map((box) => this.#discard(box)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #take(): Promise<Box> {
    if (!this.#isOpen) throw closedError();
    // One that has ended meanwhile, by the OOM killer for one, is no use.
    for (let box = this.#ready.shift(); box !== undefined; box = this.#ready.shift()) {
      if (box.isOpen) return this.#use(box);
    }
    return new Promise<Box>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#fill();
    });
  }

  #use(box: Box): Box {
    this.#used.add(box);
    // After the command has been started: it comes first.
    setImmediate(() => this.#fill());
    return box;
  }

  async #discard(box: Box): Promise<void> {
    await box.close();
    this.#used.delete(box);
  }

  /** Opens what is missing. After a failure nobody tries again until somebody asks for a box. */
  #fill(): void {
    const missing = () => this.size + this.#waiting.length - this.#ready.length - this.#opening.size;
    while (this.#isOpen && this.#opening.size < openedAtOnce && missing() > 0) {
      const opening = this.#open().finally(() => this.#opening.delete(opening));
      this.#opening.add(opening);
    }
  }

  async #open(): Promise<void> {
    try {
      const box = await openBox(this.spec, {});
      const waiter = this.#waiting.shift();
      if (!this.#isOpen) await box.close();
      else if (waiter === undefined) this.#ready.push(box);
      else waiter.resolve(this.#use(box));
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      return;
    }
    setImmediate(() => this.#fill());
  }
}

function closedError(): IsolateError {
  return new IsolateError('ERR_ISOLATE_POOL_CLOSED', 'the pool is closed: it starts nothing any more');
}
