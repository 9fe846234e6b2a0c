import { close, type Fd, pidfd_open, pidfd_send_signal, SyscallError } from '../sys/index.js';
import { codeOf } from './files.js';
import type { CgroupPart } from './part.js';
import { processesIn } from './processes.js';

/** A process that could not be sent a signal. */
export interface Refused {
  readonly pid: number;
  readonly error: SyscallError;
}

/** How many descriptors are open at a time, where there are so many. */
const atOnce = 128;

/**
 * Sends a signal to every process of a group, but for this program.
 *
 * @returns those that did not get it. One that has ended needs none.
 */
export function signalAll(parts: readonly CgroupPart[], number: number): Refused[] {
  const pids = processesIn(parts).filter((pid) => pid !== 0 && pid !== process.pid);
  const refused: Refused[] = [];
  let size = atOnce;
  for (let from = 0; from < pids.length; ) {
    try {
      refused.push(...signalSome(parts, pids.slice(from, from + size), number));
      from += size;
    } catch (error) {
      if (codeOf(error) !== 'EMFILE' || size === 1) throw error;
      size = 1;
    }
  }
  return refused;
}

/**
 * A number may be that of another process by now. Who is opened first, and is in the group after that, is the right one.
 *
 * @throws Error EMFILE: there are not enough descriptors. No signal is sent then.
 */
function signalSome(parts: readonly CgroupPart[], pids: readonly number[], number: number): Refused[] {
  const refused: Refused[] = [];
  const opened = new Map<number, Fd>();
  const attempt = (pid: number, act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code === 'EMFILE') throw error;
      if (error.code !== 'ESRCH') refused.push({ pid, error });
    }
  };
  try {
    for (const pid of pids) attempt(pid, () => opened.set(pid, pidfd_open(pid, 0)));
    const there = new Set(processesIn(parts));
    for (const [pid, pidfd] of opened) {
      if (there.has(pid)) attempt(pid, () => pidfd_send_signal(pidfd, number));
    }
  } finally {
    for (const pidfd of opened.values()) close(pidfd);
  }
  return refused;
}
