import { AT, CLONE, clone3, close, O, openat, type Step, unshare, write } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The time namespace: what the monotonic clock and the boot-time clock say. The wall clock is the same for all. Linux 5.6.
 *
 * A process that asks for one does not enter it itself: it makes it, writes its offsets, and then either becomes another
 * program (from Linux 6.3 on, where the memory is its own from then on), or starts a child, which is born into it.
 *
 * Equivalent to: `unshare --time`. See time_namespaces(7).
 */
export const time: Namespace = {
  kind: 'time',
  flag: CLONE.NEWTIME,
  file: 'time',
  limit: 'max_time_namespaces',
  isolates: 'the monotonic and the boot-time clock',
  man: 'time_namespaces(7)',
};

/** How far the clocks of a time namespace are ahead of the host's, seconds; negative is behind. 0 where not given. */
export interface ClockOffsets {
  /** CLOCK_MONOTONIC and its relatives. */
  readonly monotonic?: number;
  /** CLOCK_BOOTTIME, and with it what uptime(1) says. */
  readonly boottime?: number;
}

/** Steps that make a time namespace and write its offsets, which have to be there before the first process enters. */
export function timeOffsets(offsets: ClockOffsets): Step[] {
  const make = unshare.step(CLONE.NEWTIME).because('the clocks of the command are its own');
  const lines = (['monotonic', 'boottime'] as const).flatMap((clock) => {
    const seconds = offsets[clock];
    return seconds === undefined ? [] : [`${clock} ${formatOffset(seconds)}\n`];
  });
  if (lines.length === 0) return [make];
  const text = lines.join('');
  const file = openat
    .step(AT.FDCWD, '/proc/self/timens_offsets', O.WRONLY | O.CLOEXEC, 0)
    .because('the offsets are written before a process is in the namespace, and never after');
  const written = write
    .step(file.result, text)
    .expecting(text.length)
    .because('how far ahead of the host the clocks are');
  const done = close.step(file.result).because('what is open for writing keeps its mount writable');
  return [make, file, written, done];
}

/** `SECONDS NANOSECONDS`, where the second is never negative: -0.5 s is `-1 500000000`. */
function formatOffset(offset: number): string {
  const nanoseconds = BigInt(Math.round(offset * 1e9));
  const perSecond = 1_000_000_000n;
  const rest = ((nanoseconds % perSecond) + perSecond) % perSecond;
  return `${(nanoseconds - rest) / perSecond} ${rest}`;
}

/**
 * The step that enters the time namespace by being born into it, for kernels before 6.3: a second clone that copies the
 * memory, since two processes that share it cannot have different clocks. The first child ends, and Node stays the parent.
 *
 * It is also where a PID namespace has to be made then: the init of a PID namespace cannot give itself a sibling.
 *
 * @param flags - the namespaces that are to be made together with the second child.
 */
export function enterTimeByClone(flags: number): Step {
  return clone3
    .step({ flags: CLONE.PARENT | CLONE.PARENT_SETTID | CLONE.VFORK | flags })
    .as('clone')
    .because('before Linux 6.3 only a child that is born after it enters a time namespace');
}
