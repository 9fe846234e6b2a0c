import { type Fd, type Operand, type Step, setns } from '../sys/index.js';
import { namespaces } from './all.js';
import type { NamespaceKind } from './namespace.js';

/**
 * A step that enters namespaces of a process, all by one call: either all of them, or none. Linux 5.8.
 *
 * Equivalent to: `nsenter --target PID --user --mount …`. See setns(2).
 *
 * @param pidfd - stands for the process.
 * @param kinds - which of its namespaces. A PID namespace is that of children from then on, not of the process itself.
 */
export function joinProcess(pidfd: Operand<Fd>, kinds: readonly NamespaceKind[]): Step {
  return setns.step(pidfd, flagsOf(kinds)).because(`its namespaces (${kinds.join(', ')}) become ours, all by one call`);
}

/**
 * A step that enters a namespace by a descriptor of it, and fails if it is of another kind.
 *
 * Equivalent to: `nsenter --KIND=PATH`. See setns(2).
 */
export function joinNamespace(file: Operand<Fd>, kind: NamespaceKind): Step {
  return setns.step(file, namespaces[kind].flag).because(`this ${kind} namespace becomes ours`);
}

/** The flags of several kinds, for clone3(2), unshare(2) and setns(2). */
export function flagsOf(kinds: readonly NamespaceKind[]): number {
  return kinds.reduce((bits, kind) => bits | namespaces[kind].flag, 0);
}
