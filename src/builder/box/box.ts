import { setMaxListeners } from 'node:events';
import type { Cgroup, CgroupStats } from '../../cgroup/index.js';
import type { NamespaceIds, NamespaceKind } from '../../ns/index.js';
import { namespacesOf, pin, unpin } from '../../ns/index.js';
import {
  close,
  type Fd,
  IsolateError,
  isEnding,
  type Pid,
  pidfd_send_signal,
  SIG,
  SpecError,
  SyscallError,
} from '../../sys/index.js';
import type { Duration } from '../../units/index.js';
import type { CommandGroup } from '../group/command-group.js';
import { requireGroup } from '../group/require-group.js';
import { readPause, sample } from '../group/sample.js';
import type { OutputEncoding } from '../process/collect/encoding.js';
import { exitWatch } from '../process/exit-watch.js';
import { collect, type RunResult } from '../process/run.js';
import type { RunOptions } from '../process/run-options.js';
import type { RunningProcess } from '../process/running-process.js';
import { spawnInBox } from '../process/spawn.js';
import type { SpawnOptions } from '../process/spawn-options.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { Limits } from '../spec/limits.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { ownNamespaces } from './own-namespaces.js';
import { checkSameBox } from './same-box.js';
import { whyEnded } from './why-ended.js';

/** How a command is started in a box. */
export interface BoxSpawnOptions extends SpawnOptions {
  /**
   * What the command is, in the place of what the box was opened for: another user, environment, directory, other limits. Its
   * namespaces, maps and files have to be those of the box.
   */
  readonly spec?: ProcessSpec;
}

interface BoxParts {
  readonly spec: ProcessSpec;
  readonly pid: Pid;
  readonly pidfd: Fd;
  readonly name?: string | undefined;
  readonly snapshot?: Snapshot | undefined;
  /** Its control group. One of its own goes with it. */
  readonly group?: CommandGroup | undefined;
  /** Its init is a child of this program, and ends with it or not; or it was found. */
  readonly tie: 'ours' | 'detached' | 'found';
  /** Done once when it has been closed, or has ended by itself. */
  readonly onEnd?: () => Promise<void> | undefined;
}

/**
 * Namespaces that stay: what a sandbox asks for is made once, and an init of ours keeps it. Commands that are started in it join
 * them, which takes a fraction of the time, and see one another's processes and files. Close it when it is not needed any more. A
 * box does not keep the event loop going; its commands do.
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
  /** Resolves when it is gone, however that came. Never rejects. */
  readonly closed: Promise<void>;

  readonly #pidfd: Fd;
  readonly #tie: BoxParts['tie'];
  readonly #group: CommandGroup | undefined;
  readonly #starting = new Set<Promise<unknown>>();
  readonly #running = new Set<RunningProcess>();
  /** Aborted when nothing is to be started any more. */
  readonly #end = new AbortController();
  /** Read when first they are asked for: they stay. */
  #namespaces: NamespaceIds | undefined;
  #state: 'open' | 'left' | 'closing' | 'gone' = 'open';
  /** Why it has ended by itself, where that is known. */
  #why: string | undefined;

  /** @internal */
  constructor({ spec, pid, pidfd, name, snapshot, group, tie, onEnd }: BoxParts) {
    this.spec = spec;
    this.pid = pid;
    this.name = name;
    this.snapshot = snapshot;
    this.#pidfd = pidfd;
    this.#tie = tie;
    this.#group = group;
    // Each command that is being started listens.
    setMaxListeners(0, this.#end.signal);
    const ended = new Promise<void>((resolve) => {
      const end = () => {
        if (this.#state === 'open') this.#why = whyEnded(group);
        this.#state = 'gone';
        this.#letGo();
        resolve();
      };
      if (tie === 'found') exitWatch().addOther(pidfd, end);
      else exitWatch().add(pidfd, end);
    });
    // What stays written down of a box that is gone is known to be stale.
    const gone = group === undefined ? ended : ended.then(() => group.end());
    this.closed = gone.then(onEnd).catch(() => {});
  }

  /** Whether commands can be started in it. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * Starts a command in the box, with the user, the capabilities and the other limits that its sandbox has. It is a child of this
   * program, and no descendant of the box's init.
   *
   * @throws SpecError, StepError - as {@link Sandbox.spawn}. IsolateError ERR_ISOLATE_BOX_CLOSED: it is closed, or has ended.
   */
  spawn(file: string, args: readonly string[] = [], options: BoxSpawnOptions = {}): Promise<RunningProcess> {
    return this.spawnWith(file, args, options);
  }

  /** @internal The same; `snapshot` is what the command changes, for one that nobody shares the box with. */
  async spawnWith(
    file: string,
    args: readonly string[],
    options: BoxSpawnOptions,
    snapshot?: Snapshot,
  ): Promise<RunningProcess> {
    if (!this.isOpen) throw this.#closedError();
    const { spec = this.spec } = options;
    if (spec !== this.spec) checkSameBox(spec, this.spec);
    const namespaces = options.identify ? this.#identify() : undefined;
    const place = { spec, box: this.#pidfd, until: this.#end.signal, snapshot, group: this.#group, namespaces };
    const starting = spawnInBox(place, { file, args }, options).then(
      (running) => this.#keep(running),
      (error) => {
        options.signal?.throwIfAborted();
        throw this.isOpen && !isFromItsEnd(error, this.pid) ? error : this.#closedError(error);
      },
    );
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Runs a command in the box to its end: as {@link Sandbox.run}. */
  async run<E extends OutputEncoding = 'text', A extends boolean = false>(
    file: string,
    args: readonly string[] = [],
    options: RunOptions<E, A> & Pick<BoxSpawnOptions, 'spec'> = {},
  ): Promise<RunResult<E, A>> {
    const { spec = this.spec } = options;
    return collect(spec, options, (spawnOptions) => this.spawn(file, args, { ...spawnOptions, spec }));
  }

  /**
   * Its control group, to be watched, frozen, or measured otherwise than {@link stats} does; undefined where it has none. It belongs to the
   * box: do not remove it. See cgroups(7).
   */
  get cgroup(): Cgroup | undefined {
    return this.#group?.cgroup;
  }

  /**
   * Changes limits of its control group, which are those of all of its commands together: as {@link RunningProcess.update}.
   *
   * Equivalent to: `echo 16 > GROUP/pids.max`, and so on. See https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * @param limits - as for {@link Sandbox.limits}; `'max'` takes one away.
   * @returns when the kernel has taken all of them.
   * @throws SpecError - it has no group, or that no such controller; or there is no such limit. CgroupError - the kernel refused; no limit is
   * changed. IsolateError ERR_ISOLATE_BOX_CLOSED.
   */
  async update(limits: Limits): Promise<void> {
    if (!this.isOpen) throw closedError();
    await requireGroup(this.#group, 'box', 'limits').update(limits);
  }

  /**
   * What its control group uses: now, and again after each pause, until it is gone. The files are those of {@link RunningProcess.stats}. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * @param options - `every`: the pause, milliseconds, or text as `'1s'`; 1 s if not given.
   * @returns what was measured each time, of all of its commands and its init together.
   * @throws SpecError - it has no group; or it is no length of time. IsolateError ERR_ISOLATE_BOX_CLOSED. CgroupError, from the loop - EACCES, EMFILE:
   * the group cannot be read.
   */
  stats(options: { readonly every?: Duration } = {}): AsyncGenerator<CgroupStats, void, undefined> {
    if (!this.isOpen) throw closedError();
    return sample(requireGroup(this.#group, 'box', 'stats'), readPause(options), this.closed);
  }

  /**
   * Gives one of its namespaces a path, by which it can be found and which keeps it: see {@link pin}.
   *
   * @throws SpecError - the box has no such namespace of its own. IsolateError ERR_ISOLATE_BOX_CLOSED. SyscallError - as {@link pin}.
   */
  pin(kind: NamespaceKind, path: string): void {
    if (!this.isOpen) throw closedError();
    if (!this.spec.unshare.includes(kind)) {
      throw new SpecError(
        'pin',
        `the ${kind} namespace of the box is that of its caller`,
        `open it with .unshare('${kind}')`,
      );
    }
    try {
      pin(kind, path, this.pid);
    } catch (error) {
      throw isEnding(this.pid) ? closedError(error) : error;
    }
    // One that was found may have ended, and another process have got its pid, before its path was looked up.
    if (!isEnding(this.pid) && this.#isThere()) return;
    unpin(path);
    throw closedError();
  }

  /**
   * Lets go of the box, which goes on, as do the commands that were started through this object; it starts no others, and does not
   * learn of the end of the box. One that this program has opened, and that is not detached, ends with this program.
   */
  leave(): void {
    if (this.#state !== 'open') return;
    this.#state = 'left';
    if (this.#tie !== 'found') return;
    exitWatch().removeOther(this.#pidfd);
    this.#group?.close();
    this.#letGo();
  }

  /**
   * Ends the box and all that runs in it. With a PID namespace of its own the kernel kills all that is in there; otherwise the
   * commands that were started through this object are killed. Resolves when they are gone. After {@link leave} it does nothing.
   *
   * @throws SyscallError EPERM: this program has changed its user since, and may not end it.
   */
  async close(): Promise<void> {
    if (this.#state === 'left') return;
    if (this.#state === 'open') {
      this.#kill();
      this.#state = 'closing';
    }
    this.#end.abort();
    exitWatch().hold();
    try {
      await Promise.allSettled(this.#starting);
      // The kernel lets the init of a PID namespace end only when everybody in it has been waited for.
      await Promise.all([...this.#running].map((running) => running[Symbol.asyncDispose]()));
      await this.closed;
    } finally {
      exitWatch().release();
    }
  }

  /** What the end of this program would do: {@link close}, or {@link leave} where it was found or is detached. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tie === 'ours') await this.close();
    else this.leave();
  }

  async #keep(running: RunningProcess): Promise<RunningProcess> {
    if (this.#state === 'closing' || this.#state === 'gone') {
      await running[Symbol.asyncDispose]();
      throw closedError();
    }
    this.#running.add(running);
    void running.exited.then(() => this.#running.delete(running));
    return running;
  }

  /** Which namespaces its commands are in. */
  #identify(): NamespaceIds | undefined {
    this.#namespaces ??= ownNamespaces(this.pid, this.spec.unshare);
    // Another process may have got the pid before they were read, or it had begun to end.
    if (isEnding(this.pid) || !this.#isThere()) throw closedError();
    return this.#namespaces && { ...namespacesOf(), ...this.#namespaces };
  }

  #closedError(cause?: unknown): IsolateError {
    return closedError(cause, this.#why ?? (this.isOpen ? whyEnded(this.#group) : undefined));
  }

  #kill(): void {
    try {
      pidfd_send_signal(this.#pidfd, SIG.KILL);
    } catch (error) {
      if (!(error instanceof SyscallError && error.code === 'ESRCH')) throw error;
    }
  }

  #isThere(): boolean {
    try {
      pidfd_send_signal(this.#pidfd, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** A launch that waits for its turn has the number of the descriptor, which may not come to stand for another box. */
  #letGo(): void {
    void Promise.allSettled(this.#starting).then(() => close(this.#pidfd));
  }
}

/** Whether a command could not be started since the box came to its end: what is in a PID namespace is killed with its init. */
function isFromItsEnd(error: unknown, pid: Pid): boolean {
  const code = error instanceof IsolateError ? error.code : undefined;
  return (
    code !== undefined &&
    ['ESRCH', 'ENOMEM', 'EPERM', 'ERR_ISOLATE_RESULT', 'ERR_ISOLATE_KILLED'].includes(code) &&
    isEnding(pid)
  );
}

/** @internal `why`: what is known of its end. */
export function closedError(cause?: unknown, why?: string): IsolateError {
  const message = 'the box is closed: nothing can be started in it any more';
  const help = why === undefined ? '' : `\n  help  ${why}`;
  return new IsolateError('ERR_ISOLATE_BOX_CLOSED', `${message}${help}`, cause === undefined ? undefined : { cause });
}
