// What /proc tells of processes that are not ours.
import { readdirSync, readFileSync } from 'node:fs';

/** The children of a process: each belongs to the thread that made it. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
      .filter((id) => id !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** The state of a process: `S` where it sleeps, `T` where it is stopped; undefined where there is none. */
export function stateOf(pid: number | undefined): string | undefined {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** The process of the command: in a PID namespace, where a process that was started is its init, the child of that. */
export function commandOf(pid: number): number | undefined {
  const isInit = readFileSync(`/proc/${pid}/comm`, 'utf8') === 'isolate-init\n';
  return isInit ? childrenOf(pid)[0] : pid;
}
