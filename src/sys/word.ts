/** What fits a register. Addresses fit a double; a bigint is for values that need all 64 bits. */
export type Word = number | bigint;

const twoTo32 = 0x1_0000_0000;

/** The low 32 bits of a word. `| 0` is modulo 2^32, exact for every integer that a double holds. */
export function lowHalf(word: number): number {
  return word | 0;
}

/** The high 32 bits of a word, sign included. */
export function highHalf(word: number): number {
  return Math.floor(word / twoTo32) | 0;
}
