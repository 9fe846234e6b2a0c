import type { Errno } from './brands.js';
import type { SyscallInfo } from './call-info.js';
import { type StepKey, Stored } from './operand.js';

/** What the launcher does with a step beside making its call. See launcher.h. */
export type StepOp = 'call' | 'clone' | 'hold' | 'release' | 'exit' | 'decimal' | 'wait' | 'reap';

interface StepParts {
  readonly op: StepOp;
  readonly expect: number | undefined;
  readonly tolerate: readonly Errno[];
  readonly why: string;
}

/**
 * A system call that is to be made later, by the launcher: data, until the plan that it is part of is launched.
 * Steps are immutable; each of the methods below returns a new one, which is still the same step to those that
 * refer to its result.
 */
export class Step {
  readonly call: SyscallInfo;
  /** The arguments as the call takes them, or operands that stand for them. */
  readonly args: readonly unknown[];
  readonly op: StepOp;
  /** The result that the step has to give; undefined where any success will do. */
  readonly expect: number | undefined;
  /** The errors that are no failure of the step. */
  readonly tolerate: readonly Errno[];
  /** What the step is for. */
  readonly why: string;
  readonly key: StepKey;

  constructor(
    call: SyscallInfo,
    args: readonly unknown[],
    parts: Partial<StepParts> = {},
    key: StepKey = Symbol(call.name),
  ) {
    this.call = call;
    this.args = args;
    this.op = parts.op ?? 'call';
    this.expect = parts.expect;
    this.tolerate = parts.tolerate ?? [];
    this.why = parts.why ?? '';
    this.key = key;
  }

  /** The same step, with what it is for. */
  because(why: string): Step {
    return this.#with({ why });
  }

  /** The same step, for which these errors are no failure. */
  tolerating(...errors: readonly Errno[]): Step {
    return this.#with({ tolerate: [...this.tolerate, ...errors] });
  }

  /** The same step, which fails on any result but this one. */
  expecting(result: number): Step {
    return this.#with({ expect: result });
  }

  /** The same step, for which the launcher does something of its own. */
  as(op: StepOp): Step {
    return this.#with({ op });
  }

  /** What this step returns, as an operand of a later one. */
  get result(): Stored {
    return new Stored(this.key, 'int');
  }

  /** A 32-bit int that this step gives back through an argument, as an operand of a later one. */
  output(argument: number, offset = 0): Stored {
    return new Stored(this.key, 'int', { argument, offset });
  }

  /** Where this step leaves what it gives back through an argument, as an operand of a later one. */
  place(argument: number, offset = 0): Stored {
    return new Stored(this.key, 'address', { argument, offset });
  }

  #with(parts: Partial<StepParts>): Step {
    const { op, expect, tolerate, why } = this;
    return new Step(this.call, this.args, { op, expect, tolerate, why, ...parts }, this.key);
  }
}
