const units: Readonly<Record<string, bigint>> = { '': 1n, K: 2n ** 10n, M: 2n ** 20n, G: 2n ** 30n, T: 2n ** 40n };

/**
 * A size: bytes as a number, or text with its unit, as `'64K'`, `'256M'`, `'1.5G'` or `'1T'`. A unit is a power of 1024 however it is written, as for
 * the kernel, systemd and docker: `'512M'`, `'512MB'`, `'512MiB'` and `'512m'` are the same. What comes out between two bytes is rounded down.
 */
export type Size = number | string;

/** Bytes; undefined where it is no size. */
export function parseSize(size: Size): bigint | undefined {
  if (typeof size === 'number') return Number.isSafeInteger(size) && size >= 0 ? BigInt(size) : undefined;
  if (typeof size !== 'string') return undefined;
  const [, whole, fraction = '', unit = ''] = /^(\d{0,30})(?:\.(\d{1,30}))?(?:([KMGT])(?:i?B)?|B)?$/i.exec(size) ?? [];
  const factor = units[unit.toUpperCase()];
  if (whole === undefined || factor === undefined || `${whole}${fraction}` === '') return undefined;
  // There is no half of a byte.
  if (fraction !== '' && factor === 1n) return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const bytes = (digits * factor) / 10n ** BigInt(fraction.length);
  // Who asks for less than a byte has not asked for nothing.
  return bytes === 0n && digits > 0n ? undefined : bytes;
}
