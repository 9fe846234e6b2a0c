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
 * `await using` it is removed at the end of a block, with what is in it. See cgroups(7).
 *
 * Where this user owns a file of the group, and the rights to it were taken away, they are given back first: chmod(2).
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

  /** What it is called: the last word of its paths. */
  get name(): string {
    return basename(this.paths[0] ?? '');
  }

  /** Its directories: one for each of its parts. */
  get paths(): string[] {
    return this.parts.map(({ directory }) => directory);
  }

  /** The limits that it was given, by {@link openCgroup} and {@link update}. They are not read: of a group that was found they are none. */
  get limits(): CgroupLimits {
    return this.#limits;
  }

  /**
   * A descriptor for `CLONE_INTO_CGROUP` of clone3(2), by which a process begins in the group; undefined where that does not put it into
   * all of it, since hierarchies of v1 know no such way: {@link attach} is for those. Open until {@link close} or {@link remove}.
   *
   * It is opened when it is asked for first: `open(DIRECTORY, O_RDONLY | O_DIRECTORY)`. See open(2), clone(2).
   *
   * @throws Error ENOENT: the group is gone. EACCES: it is somebody else's. EMFILE: no more descriptors.
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
   * @param pid - its number in this PID namespace.
   * @returns when it is in all of the group.
   * @throws CgroupError ESRCH: no such process. EACCES, EPERM: it may not be moved by this user. EBUSY: the group passes controllers on.
   * ENOSPC: its cpuset is empty (v1). EINVAL: a kernel thread, or a real-time process without time for it. EOPNOTSUPP: the group is part of a
   * threaded subtree. ENODEV, ENOENT: the group is gone. SpecError - the number is none of a process.
   */
  async attach(pid: number): Promise<void> {
    const joined = [...this.#eventsWatches].map((watch) => watch.joining());
    await attach(this.parts, pid);
    for (const tell of joined) tell();
  }

  /**
   * The processes in it and below.
   *
   * Equivalent to: `find GROUP -name cgroup.procs -exec cat {} +`, in each of the paths. See cgroups(7).
   *
   * @returns their numbers in this PID namespace, each once; 0 is one from outside of it. None where the group is gone.
   * @throws CgroupError EACCES: it is somebody else's, who lets nobody read it. EMFILE: no more descriptors.
   */
  processes(): number[] {
    return this.#read(() => processesIn(this.parts));
  }

  /**
   * Whether a process is in it or below. A zombie is not.
   *
   * Equivalent to: `grep populated cgroup.events`; in v1 as {@link processes}. See cgroups(7).
   *
   * @returns false also where the group is gone.
   * @throws CgroupError as {@link processes}.
   */
  isPopulated(): boolean {
    return this.#read(() => isPopulated(this.parts));
  }

  /**
   * Changes limits, also while processes run: those that are named; the others stay. All of them, or it fails and none is changed.
   *
   * A `memory.max` below what is in use makes the kernel take memory back, and then kill in the group (v2), or fails with EBUSY (v1).
   *
   * Equivalent to: `echo 512M > memory.max`; in v1 `memory.limit_in_bytes`, and so on: {@link CgroupLimits} has the file of each. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * ```ts
   * await group.update({ memory: { max: '512M' }, cpu: { max: 'max' } });
   * ```
   *
   * @param limits - as for {@link openCgroup}; `'max'` takes one away.
   * @returns when the kernel has taken all of them: taking memory back may last.
   * @throws SpecError - it cannot be; or the group has no such controller, as it was not named when the group was made. CgroupError - the
   * kernel refused. EBUSY: more memory is in use (v1). EINVAL, ERANGE: not a value that it takes, or that the groups above have to give.
   * EOPNOTSUPP: the disk goes by no shares. EACCES: the group is somebody else's. ENOENT, ENODEV: it is gone.
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
   * What it uses, with all groups below.
   *
   * Equivalent to: `cat cpu.stat memory.current memory.peak memory.max memory.swap.current memory.stat io.stat pids.current pids.peak pids.max
   * cpu.pressure memory.pressure io.pressure`; in v1 `cpuacct.usage cpuacct.usage_user cpuacct.usage_sys cpu.stat memory.usage_in_bytes
   * memory.max_usage_in_bytes memory.limit_in_bytes memory.stat memory.kmem.usage_in_bytes blkio.throttle.io_service_bytes_recursive
   * blkio.throttle.io_serviced_recursive pids.current pids.peak pids.max`. See https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers.
   *
   * @returns times in milliseconds, memory and what disks did in bytes; undefined is what cannot be measured.
   * @throws CgroupError ENOENT: the group is gone. EACCES: it is somebody else's, who lets nobody read it. EMFILE: no more descriptors.
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
   * How often something happened since the group was made: OOM kills, refused forks.
   *
   * Equivalent to: `cat memory.events pids.events`; in v1 `cat memory.oom_control memory.failcnt pids.events`. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
   *
   * @returns numbers; undefined is what the kernel does not count.
   * @throws CgroupError as {@link stats}.
   */
  counters(): CgroupCounters {
    this.#checkThere();
    return this.#read(() => countersOf(this.parts));
  }

  /**
   * Tells what happens from now on: OOM kills, with the limit and the peak; refused forks. It ends with {@link close} and
   * {@link remove}, and when the group is gone; it keeps no program from its end.
   *
   * Equivalent to: `inotifywait -m memory.events pids.events cgroup.events`, after each change of which the counters are read. In v1 an
   * eventfd(2) tells of memory, `echo "EVENTFD FD" > cgroup.event_control` with the FD of `memory.oom_control`; and `pids.events` is read
   * every 250 ms. See inotify(7), https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
   *
   * ```ts
   * using watch = group.watch((event) => {
   *   if (event.kind === 'oom-kill') console.error(`killed: it had ${event.peak} of ${event.limit} bytes`);
   * });
   * ```
   *
   * @param listener - called with each event. What it throws is not caught.
   * @returns what ends it.
   * @throws CgroupError ENOSPC, EMFILE: this user watches too many files, or has too many open. ENOENT: the group is gone. EACCES: it is somebody
   * else's. SpecError - the listener is no function.
   */
  watch(listener: (event: CgroupEvent) => void): CgroupWatch {
    checkListener(listener);
    this.#checkThere();
    const watch = this.#read(() => watchEvents(this.parts, listener));
    this.#eventsWatches.add(watch);
    return this.#keep(watch, () => this.#eventsWatches.delete(watch));
  }

  /**
   * Calls back when its processes wait too much for processors, memory or disks: at most once in a window. It ends as {@link watch} does, and
   * when the group measures no pressure any more. v2 only.
   *
   * Equivalent to: `echo "some 200000 2000000" > memory.pressure`, in microseconds, and poll(2) for POLLPRI while that is open. See
   * https://docs.kernel.org/accounting/psi.html.
   *
   * ```ts
   * using watch = group.watchPressure('memory', { some: '200ms', within: '2s' }, () => console.error('short of memory'));
   * ```
   *
   * @param kind - `'cpu'`, `'memory'` or `'io'`: which file it is.
   * @param trigger - how much waiting, within how long: milliseconds, or text as `'200ms'`.
   * @param listener - called without anything. What it throws is not caught.
   * @returns what ends it.
   * @throws SpecError - no such kind or trigger; or the listener is no function. CgroupError EOPNOTSUPP: no cgroup v2, or PSI is off. ENOENT: the
   * kernel has no PSI, or the group is gone. EINVAL, EPERM: an ordinary user may have no such window. EACCES: the group is somebody else's.
   */
  watchPressure(kind: PressureKind, trigger: PressureTrigger, listener: () => void): CgroupWatch {
    checkListener(listener);
    return this.#keep(watchPressure(this.parts, kind, trigger, listener));
  }

  /**
   * Stops all of its processes where they are, and those of groups below, and waits until they have stopped. They notice nothing.
   *
   * Equivalent to: `echo 1 > cgroup.freeze`, until `cgroup.events` says `frozen 1`; in v1 `echo FROZEN > freezer.state`, until that says so. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files,
   * https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html.
   *
   * @param options - `deadline`: how long it is waited, milliseconds; 5 s if not given.
   * @returns when all have stopped.
   * @throws CgroupError ETIMEDOUT: a process did not stop in time; the group runs. EOPNOTSUPP: there is no freezer (v2 before Linux 5.2).
   * EBUSY: this program is in it; nothing is stopped. EACCES: the group is somebody else's. ENOENT, ENODEV: it is gone. SpecError - the deadline is no length of time.
   */
  async freeze(options: CgroupDeadline = {}): Promise<void> {
    await freeze(this.parts, patienceOf(options));
  }

  /**
   * Lets them go on. A group that is not frozen stays as it is; one below another that is frozen stays frozen.
   *
   * Equivalent to: `echo 0 > cgroup.freeze`; in v1 `echo THAWED > freezer.state`. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files.
   *
   * @returns when it is written: it is not waited for the processes.
   * @throws CgroupError EOPNOTSUPP: there is no freezer. EACCES: the group is somebody else's. ENOENT, ENODEV: it is gone.
   */
  thaw(): Promise<void> {
    return thaw(this.parts);
  }

  /**
   * Ends all of its processes, and those of groups below, by SIGKILL: frozen ones too, and those that keep forking. Waits until they are gone.
   *
   * Equivalent to: `echo 1 > cgroup.kill`. In v1, and before Linux 5.14: for half a second at most the group is stopped as by {@link freeze}, each
   * process gets SIGKILL by pidfd_send_signal(2), and it is let go on; again and again until nobody is there. See
   * https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files.
   *
   * @param options - `deadline`: how long it is tried, milliseconds; 5 s if not given.
   * @returns when nobody is in it, as from the beginning where the group is gone.
   * @throws CgroupError ETIMEDOUT: some are still there; the message says which, and the help why. EBUSY: this program is in it; nothing is killed.
   * EACCES: the group is somebody else's. EMFILE: no more descriptors. SpecError - the deadline is no length of time.
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
   * Sends a signal to each of its processes, and of those of groups below, but for this program; what is started meanwhile may miss it.
   *
   * Equivalent to: `kill -TERM $(cat cgroup.procs)`; by pidfd_open(2) and pidfd_send_signal(2), so no other process gets it that has a number by
   * then.
   *
   * @param signal - its name, as `'SIGTERM'`, or its number, from 0 to 64; 0 sends none.
   * @throws SpecError - there is no such signal. SyscallError EPERM: a process of another user. It is the first of the errors: the others get the signal.
   * EMFILE: no more descriptors. Error EACCES: the group is somebody else's, who lets nobody read it.
   */
  signal(signal: Signal): void {
    const [refused] = signalAll(this.parts, signalNumber(signal));
    if (refused !== undefined) throw refused.error;
  }

  /**
   * Kills what is in it and removes it, with all groups below. One that is gone already is no error.
   *
   * Equivalent to: `echo 1 > cgroup.kill; rmdir GROUP`, with the groups below first; in v1 as {@link kill}. See cgroups(7).
   *
   * @param options - `deadline`: how long it is tried, milliseconds; 5 s if not given.
   * @returns when all of its directories are gone.
   * @throws CgroupError EBUSY, ETIMEDOUT: not in time; the message says which processes are there. EBUSY: this program is in it. EACCES, EPERM,
   * EROFS: it is not for this user to remove. SpecError - the deadline is no length of time.
   */
  async remove(options: CgroupDeadline = {}): Promise<void> {
    const patience = patienceOf(options);
    this.close();
    await removeParts(this.parts, patience);
    // A kill that is still looking would take a new group of the same name for this one.
    await Promise.allSettled(this.#kills);
  }

  /** Closes {@link fd}, and ends watching. The group stays, and can be used. See close(2). */
  close(): void {
    for (const watch of this.#watches) watch.close();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Removes it at the end of a block with `await using`: as {@link remove}. */
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
