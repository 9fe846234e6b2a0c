import { SpecError } from './errors.js';

/** The identity of a step, kept when the step is given another reason or another place. */
export type StepKey = symbol;

/**
 * What an earlier step of the same plan leaves in memory: its result (an fd, a pid), or what it gave back through one of
 * its arguments.
 */
export class Stored {
  readonly step: StepKey;
  /** `'int'`: the 32-bit int there is meant. `'address'`: the place itself, for a call that takes a pointer. */
  readonly take: 'int' | 'address';
  /** Which argument of the step gave it back, and how many bytes into that; undefined for its result. */
  readonly output: { readonly argument: number; readonly offset: number } | undefined;

  constructor(step: StepKey, take: Stored['take'], output?: Stored['output']) {
    this.step = step;
    this.take = take;
    this.output = output;
  }
}

/** A value that is known only when the plan is launched, as the number of an fd that is opened for it. */
export class Late<T = number> {
  /** The names of the numbers that it is made of: see {@link LateValues}. */
  readonly names: readonly string[];
  readonly shown: string;
  readonly make: (...values: number[]) => T;

  constructor(names: readonly string[], shown: string, make: (...values: number[]) => T) {
    this.names = names;
    this.shown = shown;
    this.make = make;
  }
}

/** Such a number as it is. It has a place in memory like what an earlier step leaves, so that the next launch can have another. */
export class LateNumber extends Late<number> {
  readonly name: string;

  constructor(name: string, shown: string) {
    super([name], shown, (value) => value);
    this.name = name;
  }
}

/** A number that is given when the plan is launched, under this name: one that fits 32 bits, as an fd does. */
export function late(name: string, shown = `<${name}>`): LateNumber {
  return new LateNumber(name, shown);
}

/** The numbers for the {@link Late} operands of a plan, by name. */
export type LateValues = Readonly<Record<string, number>>;

/** What may stand for an argument in a deferred step. */
export type Operand<T> = T | Stored | Late<T>;

/** The parameters of a call, each as an {@link Operand}. */
export type Deferred<P extends readonly unknown[]> = { [K in keyof P]: Operand<P[K]> };

/** The value of an operand, once it is known. */
export function resolve(operand: unknown, values: LateValues): unknown {
  if (!(operand instanceof Late)) return operand;
  return operand.make(...operand.names.map((name) => givenValue(name, values, operand.shown)));
}

/** @throws SpecError - the launch was given no such value. */
export function givenValue(name: string, values: LateValues, shown = name): number {
  const value = values[name];
  if (value === undefined) throw new SpecError(shown, `the launch was given no value for ${name}`);
  return value;
}
