import { octal } from '../args.js';
import { openFlagNames, RESOLVE } from '../constants/file.js';
import { flagNames } from '../flags.js';
import { type Struct, shownAs, struct, u64 } from '../struct.js';

/** `struct open_how`: flags and mode as of openat(2), and {@link RESOLVE} bits. See openat2(2). */
export interface OpenHow {
  readonly flags?: number;
  readonly mode?: number;
  readonly resolve?: number;
}

/** {@link OpenHow} in memory. */
export const openHow: Struct<Required<OpenHow>> = struct('open_how', 'linux/openat2.h', {
  flags: shownAs(u64, openFlagNames),
  mode: shownAs(u64, octal),
  resolve: shownAs(u64, (value) => flagNames(RESOLVE, value)),
});
