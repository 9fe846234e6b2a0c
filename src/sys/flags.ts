const about = Symbol('the names of a flag set');

interface Names {
  readonly prefix: string;
  readonly header: string;
  /** The widest masks first, so that a name for several bits wins over names for single ones. */
  readonly byWidth: readonly (readonly [name: string, bits: bigint])[];
}

/** Named bits (or named values) of one argument: `MS.NOSUID` is the kernel's `MS_NOSUID`. */
export type FlagSet<N extends string = never> = Readonly<Record<N, number>> & { readonly [about]: Names };

/** The names of a set, as `'NOSUID'`. */
export type FlagName<S extends FlagSet> = Extract<keyof S, string>;

/**
 * Names the values of an argument. `prefix` is what the kernel's names begin with, `header` where they are defined: a
 * test compares the values with the headers.
 */
export function flagSet<const N extends string>(prefix: string, header: string, values: Record<N, number>): FlagSet<N> {
  const byWidth = Object.entries<number>(values)
    .map(([name, value]) => [prefix + name, BigInt(value)] as const)
    .sort((a, b) => bitCount(b[1]) - bitCount(a[1]));
  return Object.freeze(
    Object.defineProperty({ ...values }, about, { value: { prefix, header, byWidth } }),
  ) as FlagSet<N>;
}

/** `MS_NOSUID|MS_NODEV` for 6; bits without a name are shown as a number. */
export function flagNames(set: FlagSet, value: number): string {
  const exact = nameOfValue(set, value);
  if (exact !== undefined) return exact;
  const names: string[] = [];
  let left = BigInt(value);
  for (const [name, bits] of set[about].byWidth) {
    if (bits > 0n && (left & bits) === bits) {
      names.push(name);
      left &= ~bits;
    }
  }
  if (left !== 0n) names.push(left < 0n ? String(left) : `0x${left.toString(16)}`);
  return names.length === 0 ? '0' : names.join('|');
}

/** The kernel's name of one value, as `SIGKILL` for 9; undefined where it has none. */
export function nameOfValue(set: FlagSet, value: number): string | undefined {
  const wanted = BigInt(value);
  return set[about].byWidth.find(([, bits]) => bits === wanted)?.[0];
}

/** The kernel's names and values of a set, and the header that defines them. */
export function contentsOf(set: FlagSet): { header: string; values: Record<string, number> } {
  const { header, byWidth } = set[about];
  return { header, values: Object.fromEntries(byWidth.map(([name, bits]) => [name, Number(bits)])) };
}

function bitCount(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}
