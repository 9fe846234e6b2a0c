import type { Cgroup, CgroupCounters, CgroupPressure, CpuStats, IoStats } from '../../cgroup/index.js';

/**
 * What a command used, with all that was in its control group and below. Undefined is what the group did not measure, or the kernel does not tell. In a
 * group that others were in before, all but the last two is of all the time that there was the group.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#controllers, https://docs.kernel.org/admin-guide/cgroup-v1/index.html.
 */
export interface Resources {
  /** `own`: the group was made for this command. `shared`: others were in it too, as the commands of a box, and are counted. */
  readonly group: 'own' | 'shared';
  /**
   * Bytes: `memory.peak`, undefined before Linux 5.19, and `memory.max`; in v1 `memory.max_usage_in_bytes` and `memory.limit_in_bytes`.
   */
  readonly memory: { readonly peak: number | undefined; readonly limit: number | 'max' } | undefined;
  /** Milliseconds: `cpu.stat`; in v1 `cpuacct.usage`, `cpuacct.usage_user`, `cpuacct.usage_sys`, and `cpu.stat`. */
  readonly cpu: CpuStats | undefined;
  /** Processes and threads: `pids.peak`, undefined before Linux 6.1, and `pids.max`; in v1 too. */
  readonly pids: { readonly peak: number | undefined; readonly limit: number | 'max' } | undefined;
  /** Bytes and requests by disk: `io.stat`; in v1 `blkio.throttle.io_service_bytes_recursive`, `blkio.throttle.io_serviced_recursive`. */
  readonly io: readonly IoStats[] | undefined;
  /** How much it had to wait, milliseconds and percent: `cpu.pressure`, `memory.pressure`, `io.pressure`. v2 with PSI only. */
  readonly pressure: CgroupPressure | undefined;
  /** Processes that the OOM killer ended while the command ran: `oom_kill` of `memory.events`; in v1 of `memory.oom_control`. */
  readonly oomKills: number | undefined;
  /** Forks that the limit on processes refused while the command ran: `max` of `pids.events`, in v1 too. */
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
