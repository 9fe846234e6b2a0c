import type { AnyArg, InputsOf, OutputsOf } from './args.js';
import type { Scope, SyscallInfo } from './call-info.js';
import { callNow } from './call-now.js';
import { checkArguments } from './check-arguments.js';
import type { SyscallName } from './numbers.js';
import type { Deferred } from './operand.js';
import { Step } from './step.js';

/** A system call: call it to make it at once, or defer it as a step of a plan. */
export interface Syscall<P extends readonly unknown[], R> {
  (...args: P): R;
  readonly name: SyscallName;
  readonly info: SyscallInfo;
  /** The call as a step of a plan. Nothing is done yet. */
  step(...args: Deferred<P>): Step;
}

interface Definition<A extends readonly AnyArg[], R> {
  name: SyscallName;
  man: string;
  scope: Scope;
  args: A;
  result: (returned: number, ...outputs: OutputsOf<A>) => R;
  refuse?: (...args: InputsOf<A>) => string | undefined;
}

/** The result of a call that returns nothing but success. */
export const nothing = (): void => {};
/** The result of a call that returns a number. */
export const number = (returned: number): number => returned;

/** Defines a system call: the immediate call, the deferred step, its rendering and its entry in the docs. */
export function defineSyscall<const A extends readonly AnyArg[], R>(
  definition: Definition<A, R>,
): Syscall<InputsOf<A>, R> {
  const info = { refuse: () => undefined, ...definition } as unknown as SyscallInfo;
  const call = (...args: readonly unknown[]): unknown => callNow(info, args);
  const step = (...args: readonly unknown[]): Step => {
    checkArguments(info, args);
    return new Step(info, args);
  };
  Object.defineProperty(call, 'name', { value: definition.name });
  return Object.assign(call, { info, step }) as unknown as Syscall<InputsOf<A>, R>;
}
