import { CLONE } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The PID namespace: process ids that start at 1. The first process in it is its init: signals that it has no handler for
 * do not reach it from inside (from outside only SIGKILL and SIGSTOP do), orphans become its children, and when it ends the kernel kills all
 * others. Processes outside cannot be seen or signalled; those inside can be seen from outside, under other ids.
 *
 * A process cannot enter one, only its children can be born into it: so it is made by clone. `/proc` shows the ids of the
 * namespace that it was mounted from: mount a fresh one (see {@link freshProc}).
 *
 * Equivalent to: `unshare --pid --fork`. See pid_namespaces(7).
 */
export const pid: Namespace = {
  kind: 'pid',
  flag: CLONE.NEWPID,
  file: 'pid',
  limit: 'max_pid_namespaces',
  isolates: 'process ids',
  man: 'pid_namespaces(7)',
};
