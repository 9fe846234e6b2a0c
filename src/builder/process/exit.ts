import { CLD, type Waited } from '../../sys/index.js';
import { signalName } from '../../units/index.js';
import type { Resources } from '../group/resources.js';

/** What a process used, with the children that it waited for. Named as in `process.resourceUsage()`. */
export interface Usage {
  /** Microseconds of user and of system time. */
  readonly userCPUTime: number;
  readonly systemCPUTime: number;
  /** The most memory that was resident at a time, in KiB. */
  readonly maxRSS: number;
  readonly minorPageFault: number;
  readonly majorPageFault: number;
  readonly voluntaryContextSwitches: number;
  readonly involuntaryContextSwitches: number;
  /** Blocks of 512 bytes that were read from and written to a disk. */
  readonly fsRead: number;
  readonly fsWrite: number;
}

/** What every end has. */
export interface Ended {
  readonly usage: Usage;
  /** Milliseconds from the start of the command to its end, by a clock that is never set. */
  readonly wallTime: number;
  /**
   * What all of its control group used, read when the command has ended, and before the group is removed. Undefined without {@link Sandbox.limits}
   * and {@link Sandbox.cgroup}, with `fallback: 'rlimit'` where there is no group, and where the group cannot be read any more.
   */
  readonly resources?: Resources;
}

/** What became of a process that we ended: its exit code, or the signal. A signal that it has a handler for may give either. */
export interface Remains {
  /** Its exit code, where it ended by itself after it was asked to. */
  readonly code: number | null;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null;
}

/** It ended by itself. */
export interface Exited extends Ended {
  readonly kind: 'exited';
  readonly code: number;
}

/**
 * A signal ended it that was not ours: of the kernel (SIGSEGV; SIGSYS from a seccomp filter), of anybody else, or of
 * {@link RunningProcess.kill}. Real-time signals are called `SIGRTMIN+3`.
 */
export interface Signaled extends Ended {
  readonly kind: 'signaled';
  readonly signal: NodeJS.Signals;
  /** A core image was written: see core(5). */
  readonly coreDumped: boolean;
}

/**
 * The OOM killer of the kernel ended it, since its control group was at its limit of memory. One that ended a process that the command had
 * started is told by {@link Resources.oomKills} alone.
 */
export interface OutOfMemory extends Ended {
  readonly kind: 'oom';
  readonly signal: 'SIGKILL';
  /** The limit, and the most that the group had. Bytes; `peak` is undefined where the kernel does not tell. */
  readonly limit: number | 'max' | undefined;
  readonly peak: number | undefined;
}

/** It had not ended when its time was over; of `run` also: it had not even begun. Then it has neither a code nor a signal. */
export interface TimedOut extends Ended, Remains {
  readonly kind: 'timeout';
  /** The limit, milliseconds. */
  readonly limit: number;
}

/** It was ended because an `AbortSignal` said so, or by `await using`. */
export interface Killed extends Ended, Remains {
  readonly kind: 'killed';
  readonly by: 'abort' | 'dispose';
}

/**
 * How a process ended: tell by `kind`. What had ended before the time was over, or before the abort, is `exited` or `signaled` as
 * ever.
 */
export type Exit = Exited | Signaled | OutOfMemory | TimedOut | Killed;

/** Why we end a process. */
export type Cause = Pick<TimedOut, 'kind' | 'limit'> | Pick<Killed, 'kind' | 'by'>;

/** That we set out to end a process. */
export interface EndedByUs {
  readonly cause: Cause;
  /** It got a signal first that it may handle: so any end may be the answer to it. SIGKILL has one answer only. */
  readonly wasAsked: boolean;
}

/** What is told of a process that has ended: by waitid(2), or by whoever has waited for it. */
export type Outcome = Pick<Waited, 'code' | 'status' | 'usage'>;

/** The exit that an outcome is. */
export function exitOf(
  { code, status, usage }: Outcome,
  wallTime: number,
  byUs?: EndedByUs,
  resources?: Resources,
): Exit {
  const ended: Ended = { usage: usageOf(usage), wallTime, ...(resources === undefined ? {} : { resources }) };
  const hasExited = code === CLD.EXITED;
  const signal = hasExited ? null : signalName(status);
  if (byUs !== undefined && (byUs.wasAsked || signal === 'SIGKILL')) {
    return { ...byUs.cause, code: hasExited ? status : null, signal, ...ended };
  }
  if (signal === null) return { kind: 'exited', code: status, ...ended };
  if (signal === 'SIGKILL' && (resources?.oomKills ?? 0) > 0) {
    const { limit, peak } = resources?.memory ?? {};
    return { kind: 'oom', signal, limit, peak, ...ended };
  }
  return { kind: 'signaled', signal, coreDumped: code === CLD.DUMPED, ...ended };
}

/** The exit of a command that had not begun when its time was over. */
export function exitOfNone(limit: number): TimedOut {
  return { kind: 'timeout', limit, code: null, signal: null, usage: usedNothing, wallTime: 0 };
}

const usedNothing: Usage = {
  userCPUTime: 0,
  systemCPUTime: 0,
  maxRSS: 0,
  minorPageFault: 0,
  majorPageFault: 0,
  voluntaryContextSwitches: 0,
  involuntaryContextSwitches: 0,
  fsRead: 0,
  fsWrite: 0,
};

function usageOf(usage: Waited['usage']): Usage {
  const microseconds = ({ tv_sec, tv_usec }: { tv_sec: number; tv_usec: number }) => tv_sec * 1_000_000 + tv_usec;
  return {
    userCPUTime: microseconds(usage.ru_utime),
    systemCPUTime: microseconds(usage.ru_stime),
    maxRSS: usage.ru_maxrss,
    minorPageFault: usage.ru_minflt,
    majorPageFault: usage.ru_majflt,
    voluntaryContextSwitches: usage.ru_nvcsw,
    involuntaryContextSwitches: usage.ru_nivcsw,
    fsRead: usage.ru_inblock,
    fsWrite: usage.ru_oublock,
  };
}
