import type { Step } from '../../sys/index.js';
import { shown } from '../../sys/shown.js';

/** Steps of a plan, and the part of the spec that they come from. */
export interface Section {
  readonly from: string;
  readonly steps: readonly Step[];
}

/** Steps that come from a call of a builder method, as `.hostname("box")`. */
export function section(from: string, ...steps: readonly Step[]): Section {
  return { from, steps };
}

/** A call of a builder method, as it stands in a program. */
export function methodCall(name: string, ...args: readonly unknown[]): string {
  return `.${name}(${args.map(shown).join(', ')})`;
}
