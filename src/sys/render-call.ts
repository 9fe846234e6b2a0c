import type { SyscallInfo } from './call-info.js';
import { Late, Stored } from './operand.js';

/**
 * `mount("proc", "/proc", "proc", MS_NOSUID, NULL)`: a call as strace(1) writes it. `stored` says how to show what an
 * earlier step leaves.
 */
export function renderCall(
  info: SyscallInfo,
  args: readonly unknown[],
  stored: (operand: Stored) => string = () => '<stored>',
): string {
  return `${info.name}(${renderArguments(info, args, stored).join(', ')})`;
}

/** The arguments of a call, each as strace(1) writes it. */
export function renderArguments(
  info: SyscallInfo,
  args: readonly unknown[],
  stored: (operand: Stored) => string,
): string[] {
  let given = 0;
  return info.args.map((arg) => {
    const value = arg.takes === 0 ? undefined : args[given++];
    if (value instanceof Stored) return stored(value);
    if (value instanceof Late) return value.shown;
    return arg.render(value, args);
  });
}
