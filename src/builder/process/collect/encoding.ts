import { SpecError } from '../../../sys/index.js';

/**
 * How a program gets what a command printed. `'text'`: as a string, and `'lines'`: as an array of them; UTF-8 in both cases, what is
 * none becomes U+FFFD. A line ends with `\n` or `\r\n`, which are no part of it; the last one may do without.
 * `'buffer'`: the bytes as they are.
 */
export type OutputEncoding = 'text' | 'lines' | 'buffer';

/** What a command printed, in an encoding. */
export type Output<E extends OutputEncoding> = { text: string; lines: string[]; buffer: Buffer }[E];

const encode: { readonly [E in OutputEncoding]: (bytes: Buffer) => Output<E> } = {
  text: (bytes) => bytes.toString(),
  lines: (bytes) => linesOf(bytes.toString()),
  buffer: (bytes) => bytes,
};

export function encoded<E extends OutputEncoding>(bytes: Buffer, encoding: E): Output<E> {
  return encode[encoding](bytes);
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** @throws SpecError - there is no such encoding. */
export function checkEncoding(encoding: OutputEncoding): void {
  if (Object.hasOwn(encode, encoding)) return;
  throw new SpecError('encoding', `${JSON.stringify(encoding)} is none of 'text', 'lines' and 'buffer'`);
}
