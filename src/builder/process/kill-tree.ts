import type { Fd, Pid } from '../../sys/index.js';
import type { CommandGroup } from '../group/command-group.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { killIfPossible } from './kill-if-possible.js';
import { emptySession, killMembers } from './session.js';

/**
 * What is killed with a command: all that is in its new PID namespace, which the kernel sees to when its init is killed; without
 * one all that is in its new session; with neither nothing else. What makes a session of its own gets away from the second.
 */
export type Reach = 'namespace' | 'session' | 'process';

/** How far a kill can reach. `isInit`: the process is the first of its PID namespace. */
export function reachOf({ newSession, tty }: ProcessSpec, isInit: boolean): Reach {
  if (isInit) return 'namespace';
  return newSession || tty !== undefined ? 'session' : 'process';
}

/** A process, and what is killed with it. In a session it is the leader, and in a PID namespace the init. */
export interface Tree {
  readonly pid: Pid;
  readonly pidfd: Fd;
  readonly reach: Reach;
  /** Its control group: what is in one of its own is killed with it, whatever it has made of itself. */
  readonly group?: CommandGroup | undefined;
}

/** Kills a tree: at once whatever is there now. The process itself first, so that it sees none of the others end. */
export function killTree({ pid, pidfd, reach, group }: Tree): void {
  killIfPossible(pidfd);
  if (reach === 'session') killMembers(pid);
  void group?.kill();
}

/**
 * Kills what is left of a tree whose process has ended, and waits until nothing is. The process may not have been waited for
 * before: its pid has to stay its own. Undefined where there can be nothing.
 */
export function killRest({ pid, reach, group }: Tree): Promise<void> | undefined {
  const rest = reach === 'session' ? emptySession(pid) : undefined;
  return group === undefined ? rest : Promise.all([rest, group.kill()]).then(() => {});
}
