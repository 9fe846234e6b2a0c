import { CLD, SIG, type Waited } from '../../sys/index.js';

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

/** How a process ended. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number; readonly usage: Usage }
  | {
      readonly kind: 'signaled';
      readonly signal: NodeJS.Signals;
      readonly coreDumped: boolean;
      readonly usage: Usage;
    };

const nameOfSignal = new Map(Object.entries(SIG).map(([name, number]) => [number, `SIG${name}` as NodeJS.Signals]));

/** The exit that waitid(2) tells of. */
export function exitOf({ code, status, usage }: Pick<Waited, 'code' | 'status' | 'usage'>): Exit {
  if (code === CLD.EXITED) return { kind: 'exited', code: status, usage: usageOf(usage) };
  const signal = nameOfSignal.get(status) ?? (`SIGRT${status}` as NodeJS.Signals);
  return { kind: 'signaled', signal, coreDumped: code === CLD.DUMPED, usage: usageOf(usage) };
}

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
