import { readKeyed, readNumber } from './files.js';
import { type CgroupPart, partOf } from './part.js';

/**
 * How often something happened in a group, since it was made. Undefined is what the kernel does not count. What happens in groups below is
 * counted in v2 alone: of memory from Linux 5.2 on (not with the mount option `memory_localevents`), of forks from Linux 6.11 on.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
 */
export interface CgroupCounters {
  /** `memory.events`; in v1 `memory.oom_control` and `memory.failcnt`. Undefined without the memory controller. */
  readonly memory:
    | {
        /** Processes that an OOM killer ended, that of the host too: `oom_kill`; in v1 the same of `memory.oom_control`, 0 before Linux 4.13. */
        readonly oomKill: number;
        /** Times that the limit was reached and nothing could be taken back: `oom`. v2 only. */
        readonly oom: number | undefined;
        /** Times that the limit was reached: `max`; in v1 `memory.failcnt`. */
        readonly max: number | undefined;
        /** Times that `memory.high` was reached: `high`. v2 only. */
        readonly high: number | undefined;
      }
    | undefined;
  /** `pids.events`, in v1 too. Undefined without the pids controller. */
  readonly pids:
    | {
        /**
         * Forks that failed with EAGAIN: `max`. From Linux 6.11 on in v2 those that the limit of this group refused; before, and in v1, those
         * that failed in this group, by its limit or by one above.
         */
        readonly refused: number | undefined;
      }
    | undefined;
}

/** Reads the counters of a group. */
export function countersOf(parts: readonly CgroupPart[]): CgroupCounters {
  const memory = partOf(parts, 'memory');
  const pids = partOf(parts, 'pids');
  return {
    memory: memory && (memory.version === 2 ? unifiedMemory : legacyMemory)(memory.directory),
    pids: pids && { refused: readKeyed(`${pids.directory}/pids.events`)?.max },
  };
}

function unifiedMemory(directory: string): CgroupCounters['memory'] {
  const events = readKeyed(`${directory}/memory.events`);
  return events && { oomKill: events.oom_kill ?? 0, oom: events.oom, max: events.max, high: events.high };
}

/** `oom_kill` is there from Linux 4.13 on. */
function legacyMemory(directory: string): CgroupCounters['memory'] {
  const control = readKeyed(`${directory}/memory.oom_control`);
  if (control === undefined) return undefined;
  return {
    oomKill: control.oom_kill ?? 0,
    oom: undefined,
    max: readNumber(`${directory}/memory.failcnt`),
    high: undefined,
  };
}
