import type { AnyArg } from './args.js';
import type { SyscallName } from './numbers.js';

/**
 * On whom a call acts when it is made at once: the calling thread, the process, or only a process that has a single
 * thread, which Node never is.
 */
export type Scope = 'thread' | 'process' | 'single-threaded';

/** What is known of a system call, said once. */
export interface SyscallInfo {
  /** The kernel's name, as `pivot_root`. */
  readonly name: SyscallName;
  /** The manual page, as `mount(2)`. */
  readonly man: string;
  readonly scope: Scope;
  readonly args: readonly AnyArg[];
  /** What the call gives, from what it returned and what it left in memory. */
  readonly result: (returned: number, ...outputs: never[]) => unknown;
  /** Why it cannot be made at once from Node with these arguments, or undefined. */
  readonly refuse: (...args: never[]) => string | undefined;
}

/** `mount(const char *source, …)`: the call as C declares it, without the type that it returns. */
export function prototype(info: SyscallInfo): string {
  return `${info.name}(${info.args.flatMap((arg) => arg.c).join(', ')})`;
}
