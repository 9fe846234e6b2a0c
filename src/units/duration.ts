import { SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';

/** A length of time: milliseconds as a number, or text with its unit, as `'500us'`, `'500ms'`, `'10s'`, `'1.5m'` or `'2h'`. */
export type Duration = number | string;

const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What a timer of Node's can wait for: with more it would not wait at all. */
const longest = 2 ** 31 - 1;

/**
 * Reads a length of time.
 *
 * @param field - what it is for: the error names it.
 * @returns milliseconds, more than 0.
 * @throws SpecError - it is none, or none that can be waited for.
 */
export function readDuration(field: string, duration: Duration): number {
  const examples = "'500ms', '10s', '1.5m' or '2h'";
  const help =
    typeof duration === 'number' ? `give milliseconds, or text as ${examples}` : `say the unit, as ${examples}`;
  const given = parseDuration(duration);
  if (given === undefined) throw new SpecError(field, `${shown(duration)} is not a length of time`, help);
  if (given <= 0) throw new SpecError(field, `${shown(duration)} is no time at all`, help);
  if (given > longest) {
    throw new SpecError(
      field,
      `${shown(duration)} is more than can be waited for, 2^31-1 ms`,
      'leave it out for no limit',
    );
  }
  return given;
}

/** Milliseconds; undefined where it is no length of time. Without a unit, text would be seconds to some and milliseconds to others. */
export function parseDuration(duration: Duration): number | undefined {
  if (typeof duration === 'number') return Number.isNaN(duration) ? undefined : duration;
  if (typeof duration !== 'string') return undefined;
  const [, digits, unit = ''] = /^(\d{1,20}(?:\.\d{1,20})?)(us|ms|s|m|h)$/.exec(duration) ?? [];
  const factor = milliseconds[unit];
  return factor === undefined ? undefined : Number(digits) * factor;
}
