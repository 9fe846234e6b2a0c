import { readFileSync } from 'node:fs';
import { namespacesOf } from '../../ns/index.js';
import { startTimeOf } from '../../sys/index.js';

/** What tells a process from every other, also from one that gets its pid later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks of the clock since the start of the machine. */
  readonly startTime: string;
  /** The start of the machine. */
  readonly boot: string;
  /** The PID namespace in which it has this pid. */
  readonly pidNamespace: number;
  /** The time namespace whose clock that is. */
  readonly timeNamespace: number;
}

/** Whether something that was read from a file is the identity of a process. */
export function isIdentity(value: unknown): value is ProcessIdentity {
  const { pid, startTime, boot, pidNamespace, timeNamespace } = (value ?? {}) as Record<string, unknown>;
  const isNumbers = [pid, pidNamespace, timeNamespace].every(Number.isSafeInteger);
  return isNumbers && (pid as number) > 0 && typeof startTime === 'string' && typeof boot === 'string';
}

/** A process of now. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, ...here() };
}

function here(): Pick<ProcessIdentity, 'boot' | 'pidNamespace' | 'timeNamespace'> {
  const { pid = 0, time = 0 } = namespacesOf('self');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { boot, pidNamespace: pid, timeNamespace: time };
}

/** Whether a process that was written down is there: `elsewhere` where its pid or its time means nothing to us. */
export function stateOf({ pid, startTime, ...its }: ProcessIdentity): 'runs' | 'gone' | 'elsewhere' {
  const ours = here();
  if (its.boot !== ours.boot) return 'gone';
  if (its.pidNamespace !== ours.pidNamespace || its.timeNamespace !== ours.timeNamespace) return 'elsewhere';
  return startTimeOf(pid) === startTime ? 'runs' : 'gone';
}
