import { readlinkSync } from 'node:fs';
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

function namespaceId(path: string): number | undefined {
  try {
    return Number(/\[(\d+)\]$/.exec(readlinkSync(path))?.[1]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
