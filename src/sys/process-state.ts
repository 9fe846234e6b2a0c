import { readFileSync } from 'node:fs';

/** The places of these fields of `/proc/PID/stat`, counted from the one after the name: proc_pid_stat(5). */
const stateAt = 0;
const parentAt = 1;
const flagsAt = 6;
const startTimeAt = 19;

/** `PF_EXITING` of the kernel's include/linux/sched.h. */
const exiting = 4;

/** The fields from the one after the name, which may have spaces and brackets of its own. Undefined where there is no such process. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function hasEnded(stat: readonly string[]): boolean {
  return stat[stateAt] === 'Z' || stat[stateAt] === 'X';
}

/**
 * When a process started, in ticks of the clock since the start of the machine: with its pid it tells a process from every other of
 * the same boot. See proc_pid_stat(5), `starttime`.
 *
 * @returns undefined where there is none, or one that has ended and is not waited for yet.
 */
export function startTimeOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat === undefined || hasEnded(stat) ? undefined : stat[startTimeAt];
}

/** The parent of a process; undefined where there is no such process. 0: it is outside of the PID namespace. See proc_pid_stat(5). */
export function parentOf(pid: number): number | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : Number(stat[parentAt]);
}

/** Whether a process is gone, or on its way: an init waits in its end for all that is in its PID namespace. See proc_pid_stat(5). */
export function isEnding(pid: number): boolean {
  const stat = statOf(pid);
  return stat === undefined || hasEnded(stat) || (Number(stat[flagsAt]) & exiting) !== 0;
}
