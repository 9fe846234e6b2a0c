import { contentsOf, type FlagSet, flagSet } from '../flags.js';

/** One set of the names of several, for an argument whose bits the kernel takes from more than one family. */
export function joined(...sets: readonly FlagSet[]): FlagSet {
  return flagSet('', 'several', Object.assign({}, ...sets.map((set) => contentsOf(set).values)));
}
