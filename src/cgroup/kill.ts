import { close, pidfd_open, pidfd_send_signal, SIG, SyscallError } from '../sys/index.js';
import { CgroupError, cgroupError } from './errors.js';
import { isAbsent, readKeyed, write } from './files.js';
import { canFreeze, freeze, thaw } from './freeze.js';
import { type CgroupPart, unifiedPart } from './part.js';
import { processesIn } from './processes.js';
import { refuseOwn } from './refuse-own.js';
import { waitUntil } from './waiting.js';

/** How long a group is given to stop before it is killed: it is killed anyhow. */
const mostFreezing = 500;

/**
 * Ends all processes of a group and of those below it, frozen ones too, and waits until they are gone.
 *
 * By `cgroup.kill` where there is one (Linux 5.14), which leaves out nobody. Otherwise each gets SIGKILL, again and again until
 * there is none: stopped by the freezer, where there is one, so that none can fork meanwhile. A group that this program itself is in is refused.
 */
export async function killAll(parts: readonly CgroupPart[], deadline: number): Promise<void> {
  const end = performance.now() + deadline;
  if (!isPopulated(parts)) return;
  refuseOwn('kill', parts);
  do {
    if (!isPopulated(parts)) return;
    if (!(await killAtOnce(parts))) await killEach(parts);
  } while (!(await waitUntil(() => !isPopulated(parts), 50)) && performance.now() < end);
  if (!isPopulated(parts)) return;
  const left = processesIn(parts);
  const help = left.includes(0)
    ? 'a process is of a PID namespace outside of this one, and has no number here'
    : 'the kernel holds them, in an uninterruptible sleep, or they are of another user';
  const problem = `there are still ${left.join(', ')} after ${deadline} ms`;
  throw new CgroupError({ action: 'kill', path: parts[0]?.directory ?? '', help }, 'ETIMEDOUT', problem);
}

/** Whether a process is in the group, or below. A zombie is not. */
export function isPopulated(parts: readonly CgroupPart[]): boolean {
  const unified = unifiedPart(parts);
  const told = unified === undefined ? undefined : readKeyed(`${unified.directory}/cgroup.events`)?.populated;
  return (
    told === 1 || processesIn(told === undefined ? parts : parts.filter(({ version }) => version === 1)).length > 0
  );
}

async function killAtOnce(parts: readonly CgroupPart[]): Promise<boolean> {
  const unified = unifiedPart(parts);
  if (unified === undefined) return false;
  const path = `${unified.directory}/cgroup.kill`;
  try {
    await write(path, '1');
  } catch (error) {
    // The kernel has none.
    if (isAbsent(error)) return false;
    throw cgroupError({ action: 'kill', path, value: '1' }, error);
  }
  // What was attached to the other hierarchies alone is not among them.
  return processesIn(parts.filter(({ version }) => version === 1)).length === 0;
}

async function killEach(parts: readonly CgroupPart[]): Promise<void> {
  const stops = canFreeze(parts);
  if (stops) await freeze(parts, mostFreezing).catch(() => {});
  try {
    signalAll(parts, SIG.KILL);
  } finally {
    // What v1 has frozen dies only when it goes on.
    if (stops) await thaw(parts).catch(() => {});
  }
}

/** How many descriptors are open at a time. */
const atOnce = 128;

/** Sends a signal to every process of a group. */
export function signalAll(parts: readonly CgroupPart[], number: number): void {
  const pids = processesIn(parts).filter((pid) => pid !== 0 && pid !== process.pid);
  for (let from = 0; from < pids.length; from += atOnce) signalSome(parts, pids.slice(from, from + atOnce), number);
}

/** A number may be that of another process by now. Who is opened first, and is in the group after that, is the right one. */
function signalSome(parts: readonly CgroupPart[], pids: readonly number[], number: number): void {
  const opened = pids.map((pid) => [pid, ifThere(() => pidfd_open(pid, 0))] as const);
  const there = new Set(processesIn(parts));
  for (const [pid, pidfd] of opened) {
    if (pidfd === undefined) continue;
    if (there.has(pid)) ifThere(() => pidfd_send_signal(pidfd, number));
    close(pidfd);
  }
}

/** Undefined where the process has ended. */
function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ESRCH') return undefined;
    throw error;
  }
}
