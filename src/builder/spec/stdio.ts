import { SpecError } from '../../sys/index.js';

/**
 * What a file descriptor of the process is connected to, as plain data: `'inherit'`, the same descriptor of the caller;
 * `'pipe'`, a stream of the running process; `'ignore'`, `/dev/null`; a number, that descriptor of the caller.
 */
export type StdioEntry = 'inherit' | 'pipe' | 'ignore' | number;

/** One word for the standard three, or an entry for each descriptor from 0 on. */
export type StdioSpec = Exclude<StdioEntry, number> | readonly StdioEntry[];

/** An entry for each descriptor from 0 on; those of the standard three that are not named are `'inherit'`. */
export function stdioEntries<E extends string | number | object>(
  given: E | readonly E[] | undefined,
): (E | 'inherit')[] {
  const entries: (E | 'inherit')[] = isList(given) ? [...given] : given === undefined ? [] : [given, given, given];
  while (entries.length < 3) entries.push('inherit');
  return entries;
}

function isList<E>(given: E | readonly E[] | undefined): given is readonly E[] {
  return Array.isArray(given);
}

/** Refuses what a spec cannot hold: a stream, for one, is given to `spawn` and `run`. */
export function checkEntries(entries: readonly unknown[]): void {
  for (const entry of entries) {
    const isFd = Number.isInteger(entry) && (entry as number) >= 0 && (entry as number) < 2 ** 31;
    if (isFd || entry === 'inherit' || entry === 'pipe' || entry === 'ignore') continue;
    const shown = typeof entry === 'object' ? 'an object' : JSON.stringify(entry);
    throw new SpecError('stdio', `${shown} is none of 'inherit', 'pipe', 'ignore' and a descriptor`);
  }
}
