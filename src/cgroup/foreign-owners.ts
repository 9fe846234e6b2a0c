import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { startTimeOf } from '../sys/index.js';
import { codeOf } from './files.js';
import { type CgroupOwner, isOfThisTime } from './name.js';

/** What is known of a program of another PID namespace: nothing, where not all processes are to be seen. */
export type ForeignState = 'lives' | 'gone' | 'unknown';

/**
 * Whether owners of groups live that are of other namespaces. Anybody may give a group the name of any owner, so it is looked for a process that has the
 * number, the start and the namespaces which the name tells. All of them are to be seen from the initial PID namespace alone; from another
 * the owner may be outside of it.
 */
export function foreignStates(owners: readonly CgroupOwner[]): ForeignState[] {
  if (owners.length === 0) return [];
  const { pids, isComplete } = processesByInnerPid();
  return owners.map((owner) => {
    let isSure = isComplete;
    for (const pid of pids.get(owner.pid) ?? []) {
      const start = startTimeOf(pid);
      if (start === undefined || (isOfThisTime(owner) && start !== owner.startTime)) continue;
      const namespaces = namespacesOf(pid);
      if (namespaces === owner.namespaces) return 'lives';
      if (namespaces === undefined) isSure = false;
    }
    return isSure ? 'gone' : 'unknown';
  });
}

interface Processes {
  /** By their numbers in their own PID namespaces: those that they have here. */
  readonly pids: ReadonlyMap<number, readonly number[]>;
  /** Whether no process is hidden. */
  readonly isComplete: boolean;
}

/** NSpid of proc_pid_status(5), which everybody may read: the last number is that in the process's own PID namespace. */
function processesByInnerPid(): Processes {
  const pids = new Map<number, number[]>();
  let isComplete = seesAll();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const [, inner] = /^NSpid:.*?(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? [];
      if (inner === undefined) isComplete = false;
      else pids.set(Number(inner), [...(pids.get(Number(inner)) ?? []), Number(name)]);
    } catch (error) {
      if (!hasEnded(error)) isComplete = false;
    }
  }
  return { pids, isComplete };
}

/** The initial PID namespace has the same number on all machines: PROC_PID_INIT_INO. */
const initial = 'pid:[4026531836]';

/** Whether `/proc` shows the processes of all namespaces and of all users: proc(5), "hidepid". */
function seesAll(): boolean {
  try {
    return (
      readlinkSync('/proc/self/ns/pid') === initial &&
      !/ \/proc .* - proc .*hidepid=/.test(readFileSync('/proc/self/mountinfo', 'utf8'))
    );
  } catch {
    return false;
  }
}

/** The PID and the time namespace of a process, as names of groups tell them; undefined where they cannot be read. */
function namespacesOf(pid: number): string | undefined {
  try {
    return ['pid', 'time'].map((kind) => numberOf(pid, kind)).join('.');
  } catch {
    return undefined;
  }
}

/** 0 where the kernel has no such namespaces. */
function numberOf(pid: number, kind: string): string {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/${kind}`))?.[0] ?? '0';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '0';
    throw error;
  }
}

function hasEnded(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes(codeOf(error));
}
