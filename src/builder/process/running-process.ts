import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Cgroup, CgroupStats } from '../../cgroup/index.js';
import type { NamespaceIds } from '../../ns/index.js';
import {
  close,
  type Fd,
  type InitReport,
  type Pid,
  pidfd_send_signal,
  readInitReport,
  SIG,
  SyscallError,
} from '../../sys/index.js';
import { type Duration, type Signal, signalNumber } from '../../units/index.js';
import type { CommandGroup } from '../group/command-group.js';
import { requireGroup } from '../group/require-group.js';
import type { Resources } from '../group/resources.js';
import { readPause, sample } from '../group/sample.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { Limits } from '../spec/limits.js';
import { Ending, type KillWay, killAtOnce } from './ending.js';
import { type Cause, type Exit, exitOf, type Outcome } from './exit.js';
import { exitWatch } from './exit-watch.js';
import type { Reach } from './kill-tree.js';
import { fateInInit, signalByInit } from './signals.js';
import type { Terminal } from './terminal.js';

/** How often a signal that was blocked is looked after, 5 ms apart. */
const timesToLook = 20;

interface RunningProcessParts {
  readonly pid: Pid;
  readonly pidfd: Fd;
  /** Over which the init of the command tells how it ended; undefined without one. */
  readonly line?: Fd | undefined;
  /** The command is itself the first process of a PID namespace. */
  readonly isPid1: boolean;
  /** The parent's ends of the pipes, by the descriptor of the process. */
  readonly streams: ReadonlyMap<number, Socket>;
  readonly snapshot?: Snapshot | undefined;
  readonly namespaces?: NamespaceIds | undefined;
  /** What is killed with it. */
  readonly reach: Reach;
  readonly group?: CommandGroup | undefined;
  /** In the place of the first three streams. */
  readonly terminal?: Terminal | undefined;
}

/** A command that runs. Keeps the event loop going until it ends, as a child process of Node's own does. */
export class RunningProcess implements AsyncDisposable {
  /** Its process id, as seen from here. */
  readonly pid: Pid;
  /** What it reads as its input; `null` unless its stdio is `'pipe'`, or it has a terminal. */
  readonly stdin: Writable | null;
  /** What it prints; `null` unless its stdio is `'pipe'`, or it has a terminal: what is shown there, then. */
  readonly stdout: Readable | null;
  /** What it prints as errors; `null` unless its stdio is `'pipe'`. */
  readonly stderr: Readable | null;
  /** The terminal that it has been given of its own by `tty`; `null` without. `stdin` and `stdout` are the same stream. */
  readonly terminal: Terminal | null;
  /** The streams by descriptor: those above 2 carry both directions. */
  readonly stdio: readonly (Socket | Terminal | null)[];
  /**
   * How it ended. Never rejects. If it was ended by a time limit, an `AbortSignal` or `await using`, the rest of what is killed with it
   * is gone too. What it printed may still be on its way: wait for the `end` of the streams.
   */
  readonly exited: Promise<Exit>;

  /** What it changes in the directories of {@link Sandbox.snapshot}; undefined without any. It outlives the process: discard it. */
  readonly snapshot: Snapshot | undefined;

  /** Which namespaces it is in, by the numbers of their inodes, where `identify` was asked for. */
  readonly namespaces: NamespaceIds | undefined;

  readonly #pidfd: Fd;
  readonly #ending: Ending;
  readonly #group: CommandGroup | undefined;
  readonly #line: Fd | undefined;
  readonly #isPid1: boolean;
  #running = true;
  #isGone = false;
  #isHeld = true;

  /** @internal */
  constructor({
    pid,
    pidfd,
    line,
    isPid1,
    streams,
    snapshot,
    namespaces,
    reach,
    group,
    terminal,
  }: RunningProcessParts) {
    const began = performance.now();
    this.snapshot = snapshot;
    this.namespaces = namespaces;
    this.terminal = terminal ?? null;
    this.pid = pid;
    this.#pidfd = pidfd;
    this.#line = line;
    this.#isPid1 = isPid1;
    this.#group = group;
    this.#ending = new Ending({ pid, pidfd, reach, group }, (signal) => this.#ask(signal));
    const highest = Math.max(2, ...streams.keys());
    this.stdio = Array.from({ length: highest + 1 }, (_, fd) => streams.get(fd) ?? (fd < 2 ? this.terminal : null));
    this.stdin = this.stdio[0] ?? null;
    this.stdout = this.stdio[1] ?? null;
    this.stderr = this.stdio[2] ?? null;
    this.exited = new Promise((resolve) => {
      exitWatch().hold();
      let wallTime = 0;
      let resources: Resources | undefined;
      const onExit = (waited: Outcome) => {
        this.#isGone = true;
        this.unref();
        close(pidfd);
        if (this.terminal === null) this.stdin?.destroy();
        else this.terminal.commandEnded();
        // Reads to the end of what nobody listens to, so that an empty stream closes its descriptor.
        for (const stream of [this.stdout, this.stderr]) if (stream?.readableFlowing === null) stream.read(0);
        resolve(exitOf(this.#report() ?? waited, wallTime, this.#ending.byUs, resources));
      };
      const onEnd = () => {
        wallTime = performance.now() - began;
        this.#running = false;
        const rest = this.#ending.finish();
        return group === undefined
          ? rest
          : Promise.resolve(rest)
              .then(() => group.end())
              .then((used) => {
                resources = used;
              });
      };
      exitWatch().add(pidfd, onExit, onEnd);
    });
  }

  /**
   * Sends a signal: `pidfd_send_signal(pidfd, signal)`. It can reach no other process, also when the pid is in use again. It is for the
   * command alone: what that has started goes on, unless it is the init of a PID namespace and ends.
   *
   * In a new PID namespace the command's init passes the signal on; SIGKILL ends all that is in there. Where the command is
   * that init itself ({@link Sandbox.asPid1}), the kernel does not deliver a signal that it has no handler for: one that would
   * end any other process ends it too, by SIGKILL.
   *
   * @returns whether the process was still there.
   * @throws SpecError - there is no such signal. SyscallError EPERM - it has become another user's.
   */
  kill(signal: Signal = 'SIGTERM'): boolean {
    const number = signalNumber(signal);
    if (!this.#running) return false;
    try {
      const fate = this.#isPid1 ? fateInInit(this.pid, number) : 'arrives';
      if (this.#line !== undefined) signalByInit(this.#pidfd, number);
      else pidfd_send_signal(this.#pidfd, fate === 'is dropped' ? SIG.KILL : number);
      if (fate === 'waits' || fate === 'is unclear') this.#lookAgain(number, timesToLook);
      return true;
    } catch (error) {
      if (error instanceof SyscallError && error.code === 'ESRCH') return false;
      throw error;
    }
  }

  /** What init has told of the command, which is not how init itself ended. */
  #report(): InitReport | undefined {
    if (this.#line === undefined) return undefined;
    const report = readInitReport(this.#line);
    close(this.#line);
    return report;
  }

  /**
   * A shell blocks all signals for a moment whenever it starts a command; a program that waits for a signal by sigwait(3)
   * blocks it all the time. A signal that was sent in such a moment, and that has no handler after it, is lost.
   */
  #lookAgain(signal: number, times: number): void {
    setTimeout(() => {
      const fate = this.#running ? fateInInit(this.pid, signal) : 'arrives';
      if (fate === 'is dropped' || (fate === 'is unclear' && times === 1)) this.kill('SIGKILL');
      else if (fate !== 'arrives' && times > 1) this.#lookAgain(signal, times - 1);
    }, 5).unref();
  }

  /** @internal Ends it, and what is killed with it, unless it has ended by itself. */
  end(cause: Cause, way: KillWay): void {
    if (this.#running) this.#ending.begin(cause, way);
  }

  #ask(signal: number): void {
    try {
      this.kill(signal);
    } catch (error) {
      // It has become another user's: it ends when it ends.
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  /**
   * Its control group, to be watched, frozen, or measured otherwise than {@link stats} does; undefined where it has none. It belongs to the
   * command: do not remove it. That of a command in a box is the box's. See cgroups(7).
   */
  get cgroup(): Cgroup | undefined {
    return this.#group?.cgroup;
  }

  /**
   * Changes limits of its control group while it runs: those that are named; the others stay. A limit on memory below what is in use makes
   * the kernel take memory back, and then kill in the group (v2), or fails with EBUSY (v1). In a box it is about all of its commands.
   *
   * Equivalent to: `echo 16 > GROUP/pids.max`, `echo 512M > GROUP/memory.max`, in v1 `memory.limit_in_bytes`, and so on. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * @param limits - as for {@link Sandbox.limits}; `'max'` takes one away.
   * @returns when the kernel has taken all of them.
   * @throws SpecError - it has no group, or that no such controller; or there is no such limit. CgroupError as `Cgroup.update`: the kernel refused;
   * no limit is changed. ENOENT: the group is gone, as when the command has ended.
   */
  async update(limits: Limits): Promise<void> {
    await requireGroup(this.#group, 'command', 'limits').update(limits);
  }

  /**
   * What its control group uses: now, and again after each pause, until it has ended. It keeps no program from its end.
   *
   * Equivalent to: `while sleep 1; do cat GROUP/cpu.stat GROUP/memory.current GROUP/io.stat GROUP/pids.current; done`, and so on, or the files of v1:
   * `Cgroup.stats` of `linux-isolate/cgroup` names all of them. See https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * ```ts
   * for await (const { memory, cpu } of child.stats({ every: '1s' })) console.log(memory?.current, cpu?.usage);
   * ```
   *
   * @param options - `every`: the pause, milliseconds, or text as `'1s'`; 1 s if not given.
   * @returns what was measured each time: times in milliseconds, memory and disks in bytes; undefined is what cannot be measured.
   * @throws SpecError - it has no group of its own or of its box; or it is no length of time. CgroupError, from the loop - EACCES, EMFILE: the group
   * cannot be read. One that is gone ends the loop.
   */
  stats(options: { readonly every?: Duration } = {}): AsyncGenerator<CgroupStats, void, undefined> {
    return sample(requireGroup(this.#group, 'command', 'stats'), readPause(options), this.exited);
  }

  /** The event loop no longer waits for this process, nor for its time limit. Its streams are as they are. */
  unref(): void {
    if (this.#isHeld) exitWatch().release();
    this.#isHeld = false;
  }

  /** The event loop waits for this process again. */
  ref(): void {
    if (!this.#isHeld && !this.#isGone) {
      exitWatch().hold();
      this.#isHeld = true;
    }
  }

  /**
   * Kills it, if it still runs, and all that is in its new PID namespace, or else in its new session; and closes its streams. Resolves
   * when all of that is gone. After the command has ended by itself what it left behind goes on.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.ref();
    this.end({ kind: 'killed', by: 'dispose' }, killAtOnce);
    await this.exited;
    const open = this.stdio.filter((stream) => stream !== null && !stream.closed);
    await Promise.all(open.map((stream) => stream?.destroy() && once(stream, 'close')));
  }
}
