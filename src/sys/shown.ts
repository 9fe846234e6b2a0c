/** What somebody gave, as an error shows it: text in quotes, and what JSON has no word for, as NaN, by its own name. */
export function shown(given: unknown): string {
  if (typeof given === 'bigint') return `${given}n`;
  if (typeof given === 'function') return 'a function';
  if (typeof given !== 'object' && typeof given !== 'string') return String(given);
  try {
    return JSON.stringify(given, (_, value) => (isOfJson(value) ? value : shown(value)));
  } catch {
    // It has itself in it.
    return Array.isArray(given) ? 'a list' : 'an object';
  }
}

function isOfJson(value: unknown): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : !['bigint', 'symbol', 'function'].includes(typeof value);
}
