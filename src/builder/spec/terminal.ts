import { SpecError } from '../../sys/index.js';
import type { StdioEntry } from './stdio.js';

/** How large a terminal is, in characters: 1 to 65535 each. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Whether a command gets a terminal of its own, and how large; `true`: 80 columns and 24 rows, until it is resized. */
export type TtyOption = boolean | TerminalSize;

/** As a spec has it. */
export type TtySpec = true | TerminalSize;

/** What terminals have been since there are any. */
export const usualSize: TerminalSize = { columns: 80, rows: 24 };

/** Whether a descriptor of a command that has a terminal is that: of the standard three those of which the stdio says nothing else. */
export function isTerminal(entry: StdioEntry, fd: number): boolean {
  return fd <= 2 && entry === 'inherit';
}

/** The kernel has 16 bits for each, and 0 is "nobody knows". */
const largest = 0xffff;

/** Refuses what is no size. */
export function checkTerminalSize(field: string, { columns, rows }: TerminalSize): void {
  for (const [name, value] of Object.entries({ columns, rows })) {
    if (Number.isInteger(value) && value >= 1 && value <= largest) continue;
    throw new SpecError(field, `${String(value)} is not a number of ${name} from 1 to ${largest}`);
  }
}

/** What was given, as a spec has it; undefined for no terminal. */
export function ttySpecOf(given: TtyOption): TtySpec | undefined {
  if (typeof given === 'boolean') return given || undefined;
  if (typeof given !== 'object' || given === null) {
    throw new SpecError('tty', `${JSON.stringify(given)} is neither true, false nor a size`);
  }
  checkTerminalSize('tty', given);
  return { columns: given.columns, rows: given.rows };
}

/** The terminal that a command gets: what is given for this one command wins. */
export function ttyOf(spec: { readonly tty?: TtySpec }, given: TtyOption | undefined): TtySpec | undefined {
  return given === undefined ? spec.tty : ttySpecOf(given);
}
