import type { Step } from '../sys/index.js';
import { namespaces } from './all.js';
import type { NamespaceKind } from './namespace.js';
import { writeFile } from './write-file.js';

/**
 * Steps that limit how many namespaces of a kind there may be more, made in the user namespace of the process or in one below it; those
 * that are there stay. Take CAP_SYS_RESOURCE in it, and so does changing it again.
 *
 * Equivalent to: `echo COUNT > /proc/sys/user/max_KIND_namespaces`. See namespaces(7).
 */
export function limitNamespaces(kind: NamespaceKind, count: number, why: string): Step[] {
  return writeFile(`/proc/sys/user/${namespaces[kind].limit}`, `${count}\n`, why);
}
