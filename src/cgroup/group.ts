import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import type { Fd } from '../sys/index.js';
import { type Signal, signalNumber } from '../units/index.js';
import { attach } from './attach.js';
import { type CgroupCounters, countersOf } from './counters.js';
import { type CgroupDeadline, patienceOf } from './deadline.js';
import { CgroupError, cgroupError } from './errors.js';
import { type CgroupEvent, type CgroupWatch, checkListener } from './events.js';
import { freeze, thaw } from './freeze.js';
import { isPopulated, killAll } from './kill.js';
import { type CgroupLimits, checkLimits } from './limits.js';
import type { CgroupPart } from './part.js';
import { type PressureTrigger, watchPressure } from './pressure.js';
import type { PressureKind } from './pressure-stats.js';
import { processesIn } from './processes.js';
import { removeParts } from './remove.js';
import { withRights } from './rights.js';
import { signalAll } from './signal.js';
import { statsOf, useOf } from './stats.js';
import type { CgroupStats, CgroupUse } from './stats-types.js';
import { update } from './update.js';
import { type EventsWatch, watchEvents } from './watch.js';

/**
 * A control group: one directory of cgroup v2, or one in each hierarchy of v1 that it needs. Made by {@link openCgroup}. With
 * `await using` it is removed at the end of a block, with what is in it.
 */
export class Cgroup implements AsyncDisposable {
  /** What it consists of. */
  readonly parts: readonly CgroupPart[];
  #limits: CgroupLimits;
  #fd: Fd | undefined;
  #updated: Promise<void> = Promise.resolve();
  readonly #kills = new Set<Promise<void>>();
  readonly #watches = new Set<CgroupWatch>();
  readonly #eventsWatches = new Set<EventsWatch>();

  /** @internal */
  constructor(parts: readonly CgroupPart[], limits: CgroupLimits) {
    this.parts = parts;
    this.#limits = limits;
  }

  get name(): string {
    return basename(this.paths[0] ?? '');
  }

  /** Its directories. */
  get paths(): string[] {
    return this.parts.map(({ directory }) => directory);
  }

  /** The limits that it was given, by {@link openCgroup} and {@link update}. */
  get limits(): CgroupLimits {
    return this.#limits;
  }

  /**
   * A descriptor for `CLONE_INTO_CGROUP` of clone3(2), by which a process begins in the group; undefined where that does not put it into
   * all of it, since hierarchies of v1 know no such way: {@link attach} is for those. Open until {@link close} or {@link remove}.
   *
   * @throws Error ENOENT: the group is gone. EMFILE: no more descriptors.
   */
  get fd(): Fd | undefined {
    const [first] = this.parts;
    if (first?.version !== 2 || this.parts.length !== 1) return undefined;
    const { directory } = first;
    this.#fd ??= withRights(directory, () => openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY));
    return this.#fd;
  }

  /**
   * Moves a process, with all its threads, into the group. What it starts from then on is in the group, too. It may take 100 ms. Where a hierarchy
   * refuses it, it is put back where it was in the others.
   *
   * Equivalent to: `echo PID > cgroup.procs`, in each of the paths. See cgroups(7).
   *
   * @throws CgroupError ESRCH: no such process. EACCES, EPERM: it may not be moved by this user. EBUSY: the group passes controllers on.
   * ENOSPC: its cpuset is empty. ENODEV, ENOENT: the group is gone. SpecError - the number is none of a process.
   */
  async attach(pid: number): Promise<void> {
    const joined = [...this.#eventsWatches].map((watch) => watch.joining());
    await attach(this.parts, pid);
    for (const tell of joined) tell();
  }

  /** The processes in it and below, by their numbers in this PID namespace; 0 is one from outside of it. */
  processes(): number[] {
    return this.#read(() => processesIn(this.parts));
  }

  /** Whether a process is in it or below. */
  isPopulated(): boolean {
    return this.#read(() => isPopulated(this.parts));
  }

  /**
   * Changes limits, also while processes run: those that are named; the others stay. All of them, or it fails and none is changed.
   *
   * A `memory.max` below what is in use makes the kernel take memory back, and then kill in the group (v2), or fails with EBUSY (v1).
   *
   * ```ts
   * await group.update({ memory: { max: '512M' }, cpu: { max: 'max' } });
   * ```
   *
   * @throws SpecError - it cannot be; or the group has no such controller, as it was not named when the group was made. CgroupError - the
   * kernel refused.
   */
  async update(limits: CgroupLimits): Promise<void> {
    checkLimits(limits);
    // One after the other: what each changes is over what the one before has left.
    const updated = this.#updated.then(async () => {
      this.#limits = await update(this.parts, this.#limits, limits);
    });
    this.#updated = updated.catch(() => {});
    await updated;
  }

  /**
   * What it uses.
   *
   * Equivalent to: `cat cpu.stat memory.current memory.stat io.stat pids.current`.
   *
   * @throws CgroupError ENOENT: the group is gone. EACCES: it is somebody else's, who lets nobody read it.
   */
  stats(): CgroupStats {
    this.#checkThere();
    return this.#read(() => statsOf(this.parts));
  }

  /** @internal What is left of {@link stats} and {@link counters} when its processes have ended. */
  used(): CgroupUse & { readonly counters: CgroupCounters } {
    this.#checkThere();
    return this.#read(() => ({ ...useOf(this.parts), counters: countersOf(this.parts) }));
  }

  /**
   * How often something happened: OOM kills, refused forks.
   *
   * Equivalent to: `cat memory.events pids.events`; in v1 `memory.oom_control`.
   *
   * @throws CgroupError as {@link stats}.
   */
  counters(): CgroupCounters {
    this.#checkThere();
    return this.#read(() => countersOf(this.parts));
  }

  /**
   * Tells what happens from now on: OOM kills, with the limit and the peak; refused forks. It ends with {@link close} and
   * {@link remove}, and keeps no program from its end.
   *
   * ```ts
   * using watch = group.watch((event) => {
   *   if (event.kind === 'oom-kill') console.error(`killed: it had ${event.peak} of ${event.limit} bytes`);
   * });
   * ```
   *
   * @throws CgroupError ENOSPC, EMFILE: this user watches too many files. ENOENT: the group is gone. SpecError - the listener is no function.
   */
  watch(listener: (event: CgroupEvent) => void): CgroupWatch {
    checkListener(listener);
    this.#checkThere();
    const watch = this.#read(() => watchEvents(this.parts, listener));
    this.#eventsWatches.add(watch);
    return this.#keep(watch, () => this.#eventsWatches.delete(watch));
  }

  /**
   * Calls back when its processes wait too much for processors, memory or disks. It ends as {@link watch} does, and when somebody else has
   * removed the group.
   *
   * ```ts
   * using watch = group.watchPressure('memory', { some: '200ms', within: '2s' }, () => console.error('short of memory'));
   * ```
   *
   * @throws SpecError - no such trigger. CgroupError EOPNOTSUPP, ENOENT: no cgroup v2 or no PSI. EINVAL: not for an ordinary user.
   */
  watchPressure(kind: PressureKind, trigger: PressureTrigger, listener: () => void): CgroupWatch {
    checkListener(listener);
    return this.#keep(watchPressure(this.parts, kind, trigger, listener));
  }

  /**
   * Stops all of its processes where they are, and waits until they have stopped. They notice nothing.
   *
   * Equivalent to: `echo 1 > cgroup.freeze`; in v1 `echo FROZEN > freezer.state`.
   *
   * @throws CgroupError ETIMEDOUT: a process did not stop in time; the group runs. EOPNOTSUPP: there is no freezer. EBUSY: this program is in
   * it; nothing is stopped. SpecError - the deadline is no length of time.
   */
  async freeze(options: CgroupDeadline = {}): Promise<void> {
    await freeze(this.parts, patienceOf(options));
  }

  /** Lets them go on. */
  thaw(): Promise<void> {
    return thaw(this.parts);
  }

  /**
   * Ends all of its processes, and those of groups below, by SIGKILL: frozen ones too, and those that keep forking. Waits until they are gone.
   *
   * Equivalent to: `echo 1 > cgroup.kill`.
   *
   * @throws CgroupError ETIMEDOUT: some are still there; the message says which, and the help why. EBUSY: this program is in it; nothing is killed.
   * SpecError - the deadline is no length of time.
   */
  async kill(options: CgroupDeadline = {}): Promise<void> {
    const killing = killAll(this.parts, patienceOf(options));
    this.#kills.add(killing);
    try {
      await killing;
    } finally {
      this.#kills.delete(killing);
    }
  }

  /**
   * Sends a signal to each of its processes; what is started meanwhile may miss it.
   *
   * @param signal - its name, as `'SIGTERM'`, or its number.
   * @throws SpecError - there is no such signal. SyscallError EPERM: a process of another user. It is the first of the errors: the others get the signal.
   */
  signal(signal: Signal): void {
    const [refused] = signalAll(this.parts, signalNumber(signal));
    if (refused !== undefined) throw refused.error;
  }

  /**
   * Kills what is in it and removes it, with all groups below. One that is gone already is no error.
   *
   * Equivalent to: `echo 1 > cgroup.kill; rmdir GROUP`.
   *
   * @throws CgroupError EBUSY, ETIMEDOUT: not in time; the message says which processes are there. EBUSY: this program is in it. SpecError -
   * the deadline is no length of time.
   */
  async remove(options: CgroupDeadline = {}): Promise<void> {
    const patience = patienceOf(options);
    this.close();
    await removeParts(this.parts, patience);
    // A kill that is still looking would take a new group of the same name for this one.
    await Promise.allSettled(this.#kills);
  }

  /** Closes its descriptor, and ends watching. The group stays, and can be used. */
  close(): void {
    for (const watch of this.#watches) watch.close();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }

  #keep(watch: CgroupWatch, forget = () => {}): CgroupWatch {
    const close = () => {
      this.#watches.delete(kept);
      forget();
      watch.close();
    };
    const kept = { close, [Symbol.dispose]: close };
    this.#watches.add(kept);
    return kept;
  }

  #read<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const { path = this.paths[0] ?? '' } = error as { path?: string };
      throw cgroupError({ action: 'read', path }, error);
    }
  }

  #checkThere(): void {
    for (const path of this.paths) {
      if (!existsSync(path)) throw new CgroupError({ action: 'read', path }, 'ENOENT');
    }
  }
}
