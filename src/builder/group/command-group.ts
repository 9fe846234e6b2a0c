import { CgroupError, cgroupError } from '../../cgroup/errors.js';
import { codeOf } from '../../cgroup/files.js';
import type { Cgroup, CgroupCounters, CgroupStats } from '../../cgroup/index.js';
import { isSelfIn } from '../../cgroup/own-place.js';
import { withRights } from '../../cgroup/rights.js';
import { Patience, usualDeadline } from '../../cgroup/waiting.js';
import { AT, close, type Fd, type LateValues, O, openat } from '../../sys/index.js';
import { type Entrance, entranceValue, wayInto } from '../compile/group-way.js';
import { type Limits, readLimits } from '../spec/limits.js';
import { type Resources, resourcesOf } from './resources.js';

/** The control group of a command, or of a box: its own, which goes with it, or one that others have too. */
export class CommandGroup {
  readonly cgroup: Cgroup;
  /**
   * `own`: it was made for this, and goes with it. `joined`: it was there before, and stays. `shared`: the same as that of the box, which sees
   * to it.
   */
  readonly kind: 'own' | 'joined' | 'shared';
  /** What had happened in it before. Nothing has in one of its own. */
  readonly #before: CgroupCounters | undefined;
  /** It goes, or is gone, with what it was made for. */
  #isEnded = false;

  constructor(cgroup: Cgroup, kind: CommandGroup['kind']) {
    this.cgroup = cgroup;
    this.kind = kind;
    this.#before = kind === 'own' ? undefined : cgroup.counters();
  }

  /** The same group for one more command, which does not end it. */
  share(): CommandGroup {
    return new CommandGroup(this.cgroup, 'shared');
  }

  /** How a process gets into it. `canClone`: the kernel has CLONE_INTO_CGROUP. */
  wayInto(canClone: boolean): readonly Entrance[] {
    return wayInto(this.cgroup.parts, { cloneIntoCgroup: canClone });
  }

  /** Opens what a launch needs to get into it, while something is done with that. */
  async whileOpen<T>(way: readonly Entrance[], act: (values: LateValues) => Promise<T>): Promise<T> {
    const opened: Fd[] = [];
    try {
      for (const [index, path] of this.cgroup.paths.entries())
        opened.push(openEntrance(path, way[index] ?? 'cgroup.procs'));
      return await act(Object.fromEntries(opened.map((fd, index) => [entranceValue(index), fd])));
    } finally {
      for (const fd of opened) close(fd);
    }
  }

  /** Kills all that is in it, where it is of one command; resolves when that is gone, or does not go. */
  async kill(): Promise<void> {
    await this.#kill(new Patience(usualDeadline));
  }

  /** @returns why something is left. */
  async #kill(patience: Patience): Promise<unknown> {
    if (this.kind !== 'own') return undefined;
    return this.cgroup.kill({ deadline: patience.left }).catch((error) => error);
  }

  /** Lets go of it. */
  close(): void {
    if (this.kind !== 'shared') this.cgroup.close();
  }

  stats(): CgroupStats {
    return this.cgroup.stats();
  }

  async update(limits: Limits): Promise<void> {
    const read = readLimits(limits);
    if (!this.#isEnded) return this.cgroup.update(read);
    const help = 'the command has ended, and its group is gone with it';
    throw new CgroupError({ action: 'write', path: this.cgroup.paths[0] ?? '', help }, 'ENOENT');
  }

  /**
   * The command has ended: tells what was used. Of a group of its own what is left in it is killed, and the group removed. One that
   * cannot be removed now is seen to be of nobody when this program has ended; a warning tells of one that somebody lives in.
   */
  async end(): Promise<Resources | undefined> {
    this.#isEnded = this.kind === 'own';
    const patience = new Patience(usualDeadline);
    const problem = await this.#kill(patience);
    try {
      return resourcesOf(this.cgroup, this.kind === 'own' ? 'own' : 'shared', this.#before);
    } catch {
      // Somebody has removed it.
      return undefined;
    } finally {
      if (this.kind === 'own') await this.#remove(patience, problem);
      this.close();
    }
  }

  async #remove(patience: Patience, problem: unknown): Promise<void> {
    for (;;) {
      try {
        return await this.cgroup.remove({ deadline: patience.left });
      } catch (error) {
        if (patience.left === 0 || this.#mayHoldUs()) return this.#warn(problem ?? error);
        await patience.pause(betweenTries);
      }
    }
  }

  /** How a command ended is told in any case, so nothing is thrown. */
  #warn(error: unknown): void {
    if (!this.#mayBePopulated()) return;
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(`processes may be left in the control group ${this.cgroup.paths[0]}: ${reason}`, {
      code: 'ISOLATE_GROUP_LEFT',
      detail: 'when this program has ended, `isolate gc` ends them and removes the group',
    });
  }

  /** Whether it is no use to wait: this program does not kill itself. */
  #mayHoldUs(): boolean {
    try {
      return isSelfIn(this.cgroup.parts);
    } catch {
      return true;
    }
  }

  #mayBePopulated(): boolean {
    try {
      return this.cgroup.isPopulated();
    } catch {
      return true;
    }
  }
}

/** Milliseconds. */
const betweenTries = 100;

/** What a child is born into, or writes itself to. */
function openEntrance(directory: string, entrance: Entrance): Fd {
  const path = entrance === 'clone' ? directory : `${directory}/${entrance}`;
  try {
    const flags = (entrance === 'clone' ? O.RDONLY | O.DIRECTORY : O.WRONLY) | O.CLOEXEC;
    return withRights(path, () => openat(AT.FDCWD, path, flags, 0));
  } catch (error) {
    // Who was given `cgroup.procs` alone is let in there.
    if (entrance === 'tasks' && codeOf(error) === 'EACCES') return openEntrance(directory, 'cgroup.procs');
    throw cgroupError({ action: 'attach', path }, error);
  }
}
