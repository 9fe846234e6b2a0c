import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { close, getsid, type Pid, pidfd_open, pidfd_send_signal, SIG, SyscallError } from '../../sys/index.js';
import { hasEnded } from './has-ended.js';

/** Between two looks the kernel ends what was killed: milliseconds, twice as many each time. */
const [firstPause, longestPause] = [1, 50];

/** One that starts another and ends at once can slip through a look. Who does so on purpose needs a PID namespace around it. */
const looksWithoutAny = 2;

/**
 * Kills the processes of a session, and waits until none is left but zombies and processes of other users. New ones may come as long as
 * one is left: so it looks again.
 *
 * The leader has to be held, as a zombie at least: until it is waited for, its pid, which is the session's id, can be no other's.
 */
export async function emptySession(session: Pid): Promise<void> {
  let pause = firstPause;
  for (let without = 0; without < looksWithoutAny; ) {
    if (killMembers(session)) {
      without = 0;
      // Who waits for the leader keeps the event loop going.
      await setTimeout(pause, undefined, { ref: false });
      pause = Math.min(pause * 2, longestPause);
    } else without++;
  }
}

/**
 * Kills the processes of a session that are there now, but for its leader. Whose pid comes to be another's in between is not hit.
 *
 * @returns whether there was any, or may have been.
 */
export function killMembers(session: Pid): boolean {
  const all = processes();
  if (all === undefined) return true;
  let any = false;
  // The newest first: it is the one that starts the next.
  for (const pid of all.reverse()) {
    if (pid !== session && sessionOf(pid) === session && killMember(pid, session)) any = true;
  }
  return any;
}

/** Whether it was there. One that is gone since counts: it may have left another behind. */
function killMember(pid: Pid, session: Pid): boolean {
  let pidfd: number | undefined;
  try {
    pidfd = pidfd_open(pid, 0);
    // After it was opened: if the pid is another's by now, the descriptor stands for a process that is gone.
    if (sessionOf(pid) !== session) return true;
    if (hasEnded(pidfd)) return false;
    pidfd_send_signal(pidfd, SIG.KILL);
    return true;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.code !== 'EPERM';
  } finally {
    if (pidfd !== undefined) close(pidfd);
  }
}

/** Undefined where there is no such process any more. */
function sessionOf(pid: Pid): Pid | undefined {
  try {
    return getsid(pid);
  } catch {
    return undefined;
  }
}

/** What may be otherwise in a moment: too many open files. */
const passing = ['EMFILE', 'ENFILE', 'ENOMEM'];

/** The processes that can be seen from here; none where there is no proc, and undefined where it cannot be read now. */
function processes(): Pid[] | undefined {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch (error) {
    return passing.includes((error as NodeJS.ErrnoException).code ?? '') ? undefined : [];
  }
}
