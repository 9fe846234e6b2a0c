import { readFileSync } from 'node:fs';

/** How a process stands to its terminal: proc_pid_stat(5). */
interface JobControl {
  /** Its process group. */
  readonly group: number;
  /** The device of its controlling terminal; 0 where it has none. */
  readonly terminal: number;
  /** The process group in the foreground of that terminal. */
  readonly foreground: number;
}

function jobControlOf(pid: number | 'self'): JobControl {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before may have spaces and parentheses inside.
  const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { group: Number(group), terminal: Number(terminal), foreground: Number(foreground) };
}

/** Whether what our terminal sends goes to another process as well: both are in the process group in its foreground. */
export function sharesForeground(pid: number): boolean {
  try {
    const own = jobControlOf('self');
    return own.terminal !== 0 && own.foreground === own.group && jobControlOf(pid).group === own.group;
  } catch {
    return false;
  }
}

/** Whether we are in the background of our terminal: what reads it, or changes it, is stopped there. */
export function isInBackground(): boolean {
  try {
    const { terminal, foreground, group } = jobControlOf('self');
    return terminal !== 0 && foreground !== group;
  } catch {
    return false;
  }
}
