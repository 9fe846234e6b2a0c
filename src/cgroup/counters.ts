import { readKeyed, readNumber } from './files.js';
import { type CgroupPart, partOf } from './part.js';

/** How often something happened in a group or below, since it was made. Undefined is what the kernel does not count. */
export interface CgroupCounters {
  readonly memory:
    | {
        /** Processes that the OOM killer ended. */
        readonly oomKill: number;
        /** Times that the limit was reached and nothing could be taken back. */
        readonly oom: number | undefined;
        /** Times that the limit was reached, and that `high` was. */
        readonly max: number | undefined;
        readonly high: number | undefined;
      }
    | undefined;
  readonly pids:
    | {
        /** Forks that the limit refused. */
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
