import { readlinkSync } from 'node:fs';
import { AT, type Fd, type Operand, readlinkat, STATX, type Statx, type Step, statx } from '../sys/index.js';
import { namespaces } from './all.js';
import { type NamespaceKind, namespaceKinds } from './namespace.js';

/** The inode numbers of a process's namespaces: two processes are in the same one if the numbers are the same. */
export type NamespaceIds = { readonly [K in NamespaceKind]?: number };

/**
 * Which namespaces a process is in. A kind that the kernel does not have is left out.
 *
 * Equivalent to: `ls -l /proc/PID/ns`. See namespaces(7).
 *
 * @param pid - a process id, or `'self'`.
 * @throws Error ENOENT: no such process. EACCES: it is another user's.
 */
export function namespacesOf(pid: number | 'self' = 'self'): NamespaceIds {
  const ids: { [K in NamespaceKind]?: number } = {};
  for (const kind of namespaceKinds) {
    const id = namespaceId(`/proc/${pid}/ns/${namespaces[kind].file}`);
    if (id !== undefined) ids[kind] = id;
  }
  if (Object.keys(ids).length === 0) readlinkSync(`/proc/${pid}/ns/user`);
  return ids;
}

/** A step that finds out which namespace of a kind it is. */
export interface Identification {
  readonly kind: NamespaceKind;
  readonly step: Step;
  /** Its inode number, from what an argument of the step has in it afterwards, by the place of that argument. */
  readonly idFrom: (output: (argument: number) => unknown) => number;
}

/** More than `cgroup:[4026531835]`. */
const longestLink = 64;

/**
 * Steps by which a process finds out which namespaces it is in, while the host's `/proc` is there for it: from outside, one that has
 * ended cannot be asked any more.
 *
 * Equivalent to: `ls -l /proc/self/ns`. See namespaces(7).
 *
 * @param kinds - those that the kernel has.
 * @param timeIsPending - it has made a time namespace, which it enters when it becomes another program.
 */
export function identifySelf(kinds: readonly NamespaceKind[], timeIsPending: boolean): Identification[] {
  return kinds.map((kind) => {
    const file = kind === 'time' && timeIsPending ? 'time_for_children' : namespaces[kind].file;
    const step = readlinkat.step(AT.FDCWD, `/proc/self/ns/${file}`, longestLink);
    return {
      kind,
      step: step.because(`which ${kind} namespace it is in: once it has ended, nobody can tell`),
      idFrom: (output) => namespaceIdOf(output(2) as Buffer),
    };
  });
}

/**
 * A step that finds out which namespace an open file stands for.
 *
 * Equivalent to: `stat --dereference --format %i PATH`. See namespaces(7).
 */
export function identifyOpen(kind: NamespaceKind, file: Operand<Fd>): Identification {
  return {
    kind,
    step: statx.step(file, '', AT.EMPTY_PATH, STATX.INO).because(`which ${kind} namespace it is`),
    idFrom: (output) => Number((output(4) as Statx).stx_ino),
  };
}

/** The inode number of a namespace, from what its link below `/proc/PID/ns` holds: `net:[4026531840]`. */
export function namespaceIdOf(link: string | Buffer): number {
  return Number(/\[(\d+)\]$/.exec(String(link))?.[1]);
}

function namespaceId(path: string): number | undefined {
  try {
    return namespaceIdOf(readlinkSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
