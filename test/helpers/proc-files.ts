// The processes of this host, as /proc tells of them.
import { readdirSync, readFileSync } from 'node:fs';

/** The file of a process; undefined where it is gone, or nobody may read it. */
export function fileOf(pid: number | string, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

export function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** The state of a process, as `R`, `S`, `T` or `Z`; undefined where there is none. */
export function stateOf(pid: number): string | undefined {
  return /^State:\s+(\S)/m.exec(fileOf(pid, 'status') ?? '')?.[1];
}

/** Whether it runs no more: nobody may have waited for it yet. */
export function isGone(pid: number): boolean {
  return ['Z', 'X', undefined].includes(stateOf(pid));
}

/** The children of a process, whichever of its threads cloned them. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      (fileOf(pid, `task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** The processes that have these words in their environment: a command has, and all that it starts. */
export function processesWith(words: string): number[] {
  return allPids().filter((pid) => pid !== process.pid && fileOf(pid, 'environ')?.includes(words));
}
