const units: Readonly<Record<string, bigint>> = { '': 1n, K: 2n ** 10n, M: 2n ** 20n, G: 2n ** 30n, T: 2n ** 40n };

/** A size: bytes as a number, or text with a unit of 1024, as `'64K'`, `'256M'`, `'2G'` or `'1T'`. */
export type Size = number | string;

/** Bytes; undefined where it is no size. */
export function parseSize(size: Size): bigint | undefined {
  if (typeof size === 'number' && !Number.isSafeInteger(size)) return undefined;
  const [, digits, unit = ''] = /^(\d{1,30})([KMGT]?)$/i.exec(String(size)) ?? [];
  const factor = units[unit.toUpperCase()];
  return digits === undefined || factor === undefined ? undefined : BigInt(digits) * factor;
}
