import type { NamespaceKind } from '../../ns/index.js';
import { pin } from '../../ns/index.js';
import { close, type Fd, IsolateError, type Pid, SpecError } from '../../sys/index.js';
import type { OutputEncoding } from '../process/collect/encoding.js';
import { exitWatch } from '../process/exit-watch.js';
import { killIfPossible } from '../process/kill-if-possible.js';
import { collect, type RunResult } from '../process/run.js';
import { type RunOptions, spawnOptionsOf } from '../process/run-options.js';
import type { RunningProcess } from '../process/running-process.js';
import { spawnInBox } from '../process/spawn.js';
import { type SpawnOptions, timeLimit } from '../process/spawn-options.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { ProcessSpec } from '../spec/process-spec.js';

interface BoxParts {
  readonly spec: ProcessSpec;
  readonly pid: Pid;
  readonly pidfd: Fd;
  readonly name?: string | undefined;
  readonly snapshot?: Snapshot | undefined;
  /** Its init is a child of this program. */
  readonly isOurs: boolean;
  /** Done once when it has been closed, or has ended by itself. */
  readonly onEnd?: () => Promise<void> | undefined;
}

/**
 * Namespaces that stay: what a sandbox asks for is made once, and an init of ours keeps it. Commands that are started in it join
 * them, which takes a fraction of the time, and see one another's processes and files. Close it when it is not needed any more.
 */
export class Box implements AsyncDisposable {
  /** The process id of the init that holds it, as seen from here. */
  readonly pid: Pid;
  /** Under which other programs find it; undefined where it has no name. */
  readonly name: string | undefined;
  /** What it was opened for. */
  readonly spec: ProcessSpec;
  /** What is changed in the directories of {@link Sandbox.snapshot}; undefined without any. It outlives the box: discard it. */
  readonly snapshot: Snapshot | undefined;
  /** Resolves when it is gone, however that came. */
  readonly closed: Promise<void>;

  readonly #pidfd: Fd;
  readonly #running = new Set<RunningProcess>();
  #isOpen = true;

  /** @internal */
  constructor({ spec, pid, pidfd, name, snapshot, isOurs, onEnd }: BoxParts) {
    this.spec = spec;
    this.pid = pid;
    this.name = name;
    this.snapshot = snapshot;
    this.#pidfd = pidfd;
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#isOpen = false;
        close(pidfd);
        resolve(onEnd?.());
      };
      if (isOurs) exitWatch().add(pidfd, end);
      else exitWatch().addOther(pidfd, end);
    });
  }

  /** Whether commands can be started in it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Starts a command in the box, with the user, the capabilities and the other limits that its sandbox has. It is a child of this
   * program, and no descendant of the box's init.
   *
   * @throws SpecError, StepError - as {@link Sandbox.spawn}. IsolateError ERR_ISOLATE_BOX_CLOSED: it is closed.
   */
  async spawn(file: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<RunningProcess> {
    if (!this.#isOpen) throw closedError();
    const running = await spawnInBox(this.spec, this.#pidfd, { file, args }, options);
    this.#running.add(running);
    void running.exited.then(() => this.#running.delete(running));
    return running;
  }

  /** Runs a command in the box to its end: as {@link Sandbox.run}. */
  async run<E extends OutputEncoding = 'text', A extends boolean = false>(
    file: string,
    args: readonly string[] = [],
    options: RunOptions<E, A> = {},
  ): Promise<RunResult<E, A>> {
    const spawnOptions = spawnOptionsOf(this.spec, options);
    return collect(() => this.spawn(file, args, spawnOptions), options, timeLimit(this.spec, options));
  }

  /**
   * Gives one of its namespaces a path, by which it can be found and which keeps it: see {@link pin}.
   *
   * @throws SpecError - the box has no such namespace of its own. SyscallError - as {@link pin}.
   */
  pin(kind: NamespaceKind, path: string): void {
    if (!this.#isOpen) throw closedError();
    if (!this.spec.unshare.includes(kind)) {
      throw new SpecError(
        'pin',
        `the ${kind} namespace of the box is that of its caller`,
        `open it with .unshare('${kind}')`,
      );
    }
    pin(kind, path, this.pid);
  }

  /**
   * Ends the box and all that runs in it. With a PID namespace of its own the kernel kills all that is in there; otherwise the
   * commands that were started through this object are killed. Resolves when they are gone.
   */
  async close(): Promise<void> {
    const running = [...this.#running];
    if (this.#isOpen) killIfPossible(this.#pidfd);
    exitWatch().hold();
    try {
      await this.closed;
      await Promise.all(running.map((process) => process[Symbol.asyncDispose]()));
    } finally {
      exitWatch().release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function closedError(): IsolateError {
  return new IsolateError('ERR_ISOLATE_BOX_CLOSED', 'the box is closed: nothing can be started in it any more');
}
