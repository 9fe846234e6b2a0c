import { SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';

/** Whether something is an object with names: no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What an object has to be. */
export interface Expected {
  /** What it is, where it has that: as `limits`. */
  readonly what: string;
  /** How it is given. */
  readonly help: string;
  /** The names that it may have; left out, any. */
  readonly known?: readonly string[] | undefined;
}

/**
 * Refuses what is no object, or has a name that there is none of: what is misspelt is not asked for.
 *
 * @param field - the error names it.
 * @throws SpecError - the problem, and what there is.
 */
export function checkRecord(field: string, given: unknown, { what, help, known }: Expected): void {
  if (!isRecord(given)) throw new SpecError(field, `${shown(given)} are no ${what}`, help);
  for (const name of Object.keys(given)) if (known !== undefined) checkKnown(field, name, known);
}

/** @throws SpecError - it is none of those that there are. */
export function checkKnown(field: string, name: unknown, known: readonly string[]): void {
  if (!known.includes(name as string))
    throw new SpecError(field, `there is no ${shown(name)}`, `there are ${known.join(', ')}`);
}
