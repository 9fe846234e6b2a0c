import { readFileSync } from 'node:fs';
import { namespacesOf } from '../../ns/index.js';

/** What tells a process from every other, also from one that gets its pid later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks of the clock since the start of the machine. */
  readonly startTime: string;
  /** The start of the machine. */
  readonly boot: string;
  /** The PID namespace in which it has this pid. */
  readonly pidNamespace: number;
}

/** The place of the start time in `/proc/PID/stat`, counted from the field after the name: proc_pid_stat(5). */
const startTimeAt = 19;

/** When a process started; undefined where there is none, or one that has ended and is not waited for yet. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[startTimeAt];
  } catch {
    return undefined;
  }
}

/** A process of now. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, ...here() };
}

function here(): Pick<ProcessIdentity, 'boot' | 'pidNamespace'> {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: namespacesOf('self').pid ?? 0,
  };
}

/** Whether a process that was written down is there: `elsewhere` where its pid means nothing to us. */
export function stateOf({ pid, startTime, boot, pidNamespace }: ProcessIdentity): 'runs' | 'gone' | 'elsewhere' {
  const now = here();
  if (boot !== now.boot) return 'gone';
  if (pidNamespace !== now.pidNamespace) return 'elsewhere';
  return startTimeOf(pid) === startTime ? 'runs' : 'gone';
}
