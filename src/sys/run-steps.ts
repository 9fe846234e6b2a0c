import { callNow } from './call-now.js';
import { SyscallError } from './errors.js';
import { type LateValues, resolve, type StepKey, Stored } from './operand.js';
import type { Step } from './step.js';

/** A step that failed, and the number of its error; 0 where its result was not the expected one. */
export interface StepFailure {
  readonly step: Step;
  readonly errno: number;
}

/**
 * Makes the calls of some steps at once, in order, on this thread. The first that fails ends it; files that were opened for
 * the others are still closed.
 */
export function runSteps(steps: readonly Step[], values: LateValues): StepFailure | undefined {
  const results = new Map<StepKey, unknown>();
  const operand = (arg: unknown) => (arg instanceof Stored ? results.get(arg.step) : resolve(arg, values));
  let failure: StepFailure | undefined;
  for (const step of steps) {
    const args = step.args.map(operand);
    const isCleanup = step.call.name === 'close' && args[0] !== undefined;
    if (failure !== undefined && !isCleanup) continue;
    try {
      const result = callNow(step.call, args);
      results.set(step.key, result);
      if (step.expect !== undefined && result !== step.expect) failure ??= { step, errno: 0 };
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      failure ??= { step, errno: -error.errno };
    }
  }
  return failure;
}
