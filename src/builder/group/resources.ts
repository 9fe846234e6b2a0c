import type { Cgroup, CgroupCounters, CgroupPressure, CpuStats, IoStats } from '../../cgroup/index.js';

/** What a command used, with all that was in its control group. Undefined is what the group did not measure, or the kernel does not tell. */
export interface Resources {
  /** `own`: the group was made for this command. `shared`: others were in it too, as the commands of a box, and are counted. */
  readonly group: 'own' | 'shared';
  /** Bytes. */
  readonly memory: { readonly peak: number | undefined; readonly limit: number | 'max' } | undefined;
  readonly cpu: CpuStats | undefined;
  readonly pids: { readonly peak: number | undefined; readonly limit: number | 'max' } | undefined;
  readonly io: readonly IoStats[] | undefined;
  /** How much it had to wait. */
  readonly pressure: CgroupPressure | undefined;
  /** Processes that the OOM killer ended while the command ran. */
  readonly oomKills: number | undefined;
  /** Forks that the limit on processes refused while the command ran. */
  readonly refusedForks: number | undefined;
}

/** Reads what was used. `before`: what had happened before the command began. */
export function resourcesOf(cgroup: Cgroup, group: Resources['group'], before?: CgroupCounters): Resources {
  const { counters: now, ...used } = cgroup.used();
  return {
    group,
    ...used,
    oomKills: difference(now.memory?.oomKill, before?.memory?.oomKill),
    refusedForks: difference(now.pids?.refused, before?.pids?.refused),
  };
}

function difference(now: number | undefined, before = 0): number | undefined {
  return now === undefined ? undefined : now - before;
}
