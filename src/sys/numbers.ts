import { IsolateError } from './errors.js';
import { arm64 } from './tables/numbers-arm64.js';
import { x64 } from './tables/numbers-x64.js';

/** A system call that x86-64 or AArch64 has. */
export type SyscallName = keyof typeof x64 | keyof typeof arm64;

/** The numbers of the system calls, by architecture as Node names it. */
export const syscallNumbers: Readonly<Record<string, Partial<Record<SyscallName, number>>>> = { x64, arm64 };

/** The number of a system call on this architecture. */
export function syscallNumber(name: SyscallName, arch: string = process.arch): number {
  const table = syscallNumbers[arch];
  const number = table?.[name];
  if (number !== undefined) return number;
  throw new IsolateError(
    'ERR_ISOLATE_UNSUPPORTED_ARCH',
    table === undefined
      ? `the architecture ${arch} is not supported (x64 and arm64 are)`
      : `${name}(2) does not exist on ${arch}`,
  );
}
