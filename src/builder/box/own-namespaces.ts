import { type NamespaceIds, type NamespaceKind, namespacesOf } from '../../ns/index.js';
import type { Pid } from '../../sys/index.js';

/**
 * Which namespaces a box keeps, as the process that holds it has them. Its commands are in these and, of every other kind, in those of
 * the program that starts them. Undefined where they cannot be seen: the process is gone, or out of reach.
 */
export function ownNamespaces(holder: Pid, kinds: readonly NamespaceKind[]): NamespaceIds | undefined {
  try {
    const seen = namespacesOf(holder);
    const own = kinds.map((kind) => [kind, seen[kind]] as const);
    return own.some(([, id]) => id === undefined) ? undefined : Object.fromEntries(own);
  } catch {
    return undefined;
  }
}
