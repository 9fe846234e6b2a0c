import type { SyscallInfo } from './call-info.js';
import { SpecError } from './errors.js';
import { Late, Stored } from './operand.js';

/** Refuses what the kernel could not have been asked: an argument that is missing, a string with a NUL inside. */
export function checkArguments(info: SyscallInfo, args: readonly unknown[]): void {
  let given = 0;
  for (const arg of info.args) {
    if (arg.takes === 0) continue;
    const value = args[given++];
    if (value instanceof Stored || value instanceof Late) continue;
    const problem = value === undefined ? 'it is missing' : arg.refuse(value);
    if (problem !== undefined) throw new SpecError(`${info.name}(${arg.c.join(', ')})`, problem);
  }
}
