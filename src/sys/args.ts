import type { Block } from './block.js';
import type { Fd } from './brands.js';
import { type FlagSet, flagNames, nameOfValue } from './flags.js';
import { quoted } from './quoted.js';
import type { Struct } from './struct.js';
import type { Word } from './word.js';

/**
 * One argument of a system call. `I` is what the caller gives for it and `O` what the caller gets back through it:
 * each nothing (`[]`) or one value. It may stand for two neighbouring C parameters, as a pointer and a length do.
 */
export interface Arg<I extends readonly unknown[], O extends readonly unknown[]> {
  /** The C parameters that it stands for, as in the man page. */
  readonly c: readonly string[];
  readonly takes: 0 | 1;
  readonly gives: 0 | 1;
  /** Types only: nothing is here at run time. */
  readonly types?: { readonly in: I; readonly out: O };
  /** The words for the registers. An argument that gives something back has its address as the first. */
  encode(value: I[0], block: Block): Word | readonly Word[];
  /** What the call left at `offset`; `returned` is the result of the call. */
  decode(bytes: Buffer, offset: number, value: I[0], returned: number): O[0];
  /** As strace(1) writes it. `all` are the arguments of the call, for one whose meaning depends on another. */
  render(value: I[0], all?: readonly unknown[]): string;
  /** Why the value cannot be encoded, or undefined. Asked before anything is done. */
  refuse(value: I[0]): string | undefined;
}

export type AnyArg = Arg<readonly unknown[], readonly unknown[]>;
type In<T> = Arg<[T], []>;

/** What the caller gives for a list of arguments. */
export type InputsOf<A extends readonly unknown[]> = A extends readonly [Arg<infer I, infer _>, ...infer Rest]
  ? [...I, ...InputsOf<Rest>]
  : [];

/** What the caller gets back through a list of arguments. */
export type OutputsOf<A extends readonly unknown[]> = A extends readonly [Arg<infer _, infer O>, ...infer Rest]
  ? [...O, ...OutputsOf<Rest>]
  : [];

/** An argument that the caller gives: the base of the kinds below, and of those of a single call. */
export function input<T>(
  c: string | readonly string[],
  parts: Pick<In<T>, 'encode' | 'render'> & Partial<In<T>>,
): In<T> {
  return {
    c: typeof c === 'string' ? [c] : c,
    takes: 1,
    gives: 0,
    decode: () => undefined,
    refuse: () => undefined,
    ...parts,
  };
}

/** What a double holds exactly; NaN would otherwise reach the kernel as 0, which is an fd. */
function notWhole(value: Word): string | undefined {
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? undefined : 'it is not a whole number';
}

/** A number that is passed as it is, and how it is shown: the base of the kinds of numbers below. */
export function integer<T extends Word = number>(c: string, render: In<T>['render']): In<T> {
  return input<T>(c, { encode: (value) => value, render, refuse: notWhole });
}

/** An integer. */
export function int<T extends number = number>(c: string): In<T> {
  return integer<T>(c, String);
}

/** An address, or any other full word. */
export function word(c: string): In<Word> {
  return integer<Word>(c, (value) => (value === 0 ? 'NULL' : `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`));
}

/** A directory that a relative path starts from: a file descriptor, or AT_FDCWD (-100). */
export function dirfd(c = 'int dirfd'): In<Fd> {
  return integer<Fd>(c, (value) => (value === -100 ? 'AT_FDCWD' : String(value)));
}

/** Named bits. */
export function flags(c: string, set: FlagSet, render = (value: number) => flagNames(set, value)): In<number> {
  // `|` makes an int of 32 bits, so that a set with the highest bit is negative.
  return integer<number>(c, (value) => render(value < 0 ? value >>> 0 : value));
}

/** One of several named values. */
export function oneOf(c: string, set: FlagSet): In<number> {
  return integer<number>(c, (value) => nameOfValue(set, value) ?? String(value));
}

/** `0755`, `022`, `000`: at least three digits. */
export function octal(value: number): string {
  return `0${value.toString(8)}`.padStart(3, '0');
}

/** An octal mode, as of chmod(2). */
export function mode(c = 'mode_t mode'): In<number> {
  return integer<number>(c, octal);
}

/** C strings end at a NUL, so one inside would cut the string without a word. */
function nulInside(value: string | Uint8Array): string | undefined {
  const found = typeof value === 'string' ? value.includes('\0') : value.includes(0);
  return found ? 'it has a NUL byte inside' : undefined;
}

/** A string with its closing NUL; `null` is a NULL pointer. */
export function string<T extends string | null = string>(c: string): In<T> {
  return input<T>(c, {
    encode: (value, block) => (value === null ? 0 : block.putString(value)),
    render: (value) => (value === null ? 'NULL' : JSON.stringify(value)),
    refuse: (value) => (value === null ? undefined : nulInside(value)),
  });
}

/** A string with its closing NUL that need not be text, as the name of a file: bytes where it is no UTF-8. */
export function byteString(c: string): In<string | Uint8Array> {
  return input<string | Uint8Array>(c, {
    encode: (value, block) =>
      typeof value === 'string' ? block.putString(value) : block.putBytes(Buffer.concat([value, Buffer.of(0)])),
    render: (value) => (typeof value === 'string' ? JSON.stringify(value) : quoted(value)),
    refuse: nulInside,
  });
}

/** A string without a closing NUL, and its length in bytes. */
export function counted(c: string, length: string): In<string> {
  return input<string>([c, length], {
    encode: (value, block) => [block.putString(value), Buffer.byteLength(value)],
    render: (value) => `${JSON.stringify(value)}, ${Buffer.byteLength(value)}`,
    refuse: nulInside,
  });
}

/** Bytes to be read by the kernel, and how many. A string is sent as UTF-8. */
export function bytes(c: string, length: string): In<string | Uint8Array> {
  return input<string | Uint8Array>([c, length], {
    encode: (value, block) => {
      const data = typeof value === 'string' ? Buffer.from(value) : value;
      return [block.putBytes(data), data.length];
    },
    render: (value) => `${quoted(value)}, ${Buffer.byteLength(value)}`,
  });
}

/** A list of strings that ends with a NULL pointer, as argv and envp. */
export function strings(c: string): In<readonly string[]> {
  return input<readonly string[]>(c, {
    // The attempts of a launch share one list: it is laid down once.
    encode: (values, block) =>
      block.once(values, () => {
        const list = block.reserve((values.length + 1) * 8);
        for (let i = 0; i < values.length; i++) block.setWord(list + i * 8, block.putString(values[i] as string));
        block.setWord(list + values.length * 8, 0);
        return block.address + list;
      }),
    render: (values) => `[${values.map((value) => JSON.stringify(value)).join(', ')}]`,
    refuse: (values) => values.map(nulInside).find((problem) => problem !== undefined),
  });
}

/** The environment of a program. Only its size is shown: its values may be secrets. */
export function environment(c: string): In<readonly string[]> {
  return { ...strings(c), render: ({ length }) => `[/* ${length} ${length === 1 ? 'var' : 'vars'} */]` };
}

/** A pointer to a struct that the kernel reads; `null` is a NULL pointer. */
export function pointer<V extends object>(c: string, type: Struct<V>): In<Partial<V>>;
export function pointer<V extends object>(c: string, type: Struct<V>, nullable: 'nullable'): In<Partial<V> | null>;
export function pointer<V extends object>(c: string, type: Struct<V>): In<Partial<V> | null> {
  return input<Partial<V> | null>(c, {
    encode: (value, block) => (value === null ? 0 : type.encode(value, block)),
    render: (value) => (value === null ? 'NULL' : type.render(value)),
  });
}

/** A pointer to a struct that the kernel reads, and the size of the struct. */
export function sized<V extends object>(c: string, type: Struct<V>, size: string): In<Partial<V>> {
  return input<Partial<V>>([c, size], {
    encode: (value, block) => [type.encode(value, block), type.size],
    render: (value) => `${type.render(value)}, ${type.size}`,
  });
}

/** A pointer to several structs or numbers in a row. */
export function array<T>(
  c: string,
  size: number,
  put: (item: T, block: Block, offset: number) => void,
  render: (item: T) => string = JSON.stringify,
): In<readonly T[]> {
  return input<readonly T[]>(c, {
    encode: (values, block) => {
      const start = block.reserve(Math.max(8, values.length * size));
      values.forEach((value, i) => {
        put(value, block, start + i * size);
      });
      return block.address + start;
    },
    render: (values) => `[${values.map(render).join(', ')}]`,
  });
}

/** A pointer to an int that the kernel reads. */
export function intAt<T extends number = number>(c: string): In<T> {
  return input<T>(c, {
    encode: (value, block) => {
      const offset = block.reserve(4);
      block.setInt32(offset, value);
      return block.address + offset;
    },
    render: (value) => `[${value}]`,
  });
}

/** An argument that is always the same: the caller does not give it. */
export function constant(c: string, value: number, shown = String(value)): Arg<[], []> {
  return {
    c: [c],
    takes: 0,
    gives: 0,
    encode: () => value,
    decode: () => undefined,
    render: () => shown,
    refuse: () => undefined,
  };
}

/** An argument that is always the same one of several named values. */
export function named(c: string, set: FlagSet, value: number): Arg<[], []> {
  return constant(c, value, nameOfValue(set, value));
}

/** Memory of a fixed size that the kernel writes to. */
export function out<T>(c: string, size: number, decode: (bytes: Buffer, offset: number) => T, fill = 0): Arg<[], [T]> {
  return {
    c: [c],
    takes: 0,
    gives: 1,
    encode: (_, block) => {
      const offset = block.reserve(size);
      block.bytes.fill(fill, offset, offset + size);
      return block.address + offset;
    },
    decode,
    render: () => '…',
    refuse: () => undefined,
  };
}

/** An int that the kernel writes: -1 until then. */
export function outInt<T extends number = number>(c: string): Arg<[], [T]> {
  return out(c, 4, (bytes, offset) => bytes.readInt32LE(offset) as T, 0xff);
}

/** An unsigned int that the kernel writes, as a user id is. */
export function outUint<T extends number = number>(c: string): Arg<[], [T]> {
  return out(c, 4, (bytes, offset) => bytes.readUInt32LE(offset) as T);
}

/** Two file descriptors that the kernel writes one after the other: until then -1, so that closing them closes nothing. */
export function outFds(c: string): Arg<[], [[Fd, Fd]]> {
  return out(c, 8, (bytes, offset) => [bytes.readInt32LE(offset), bytes.readInt32LE(offset + 4)], 0xff);
}

/** A struct that the kernel writes. */
export function outStruct<V extends object>(c: string, type: Struct<V>): Arg<[], [V]> {
  return out(c, type.size, type.decode);
}

/**
 * A buffer that the kernel writes to: the caller gives its size in bytes, and gets what was written. Until then it begins with -1,
 * so that a later step which takes an int from there takes none that another launch has left.
 */
export function outBytes(c: string, length: string): Arg<[number], [Buffer]> {
  return {
    c: [c, length],
    takes: 1,
    gives: 1,
    encode: (count, block) => {
      const offset = block.reserve(count);
      block.bytes.fill(0xff, offset, offset + Math.min(count, 8));
      return [block.address + offset, count];
    },
    decode: (bytes, offset, count, returned) =>
      Buffer.from(bytes.subarray(offset, offset + Math.min(count, Math.max(0, returned)))),
    render: (count) => `…, ${count}`,
    refuse: (count) => (Number.isSafeInteger(count) && count >= 0 ? undefined : 'a count is a whole number from 0'),
  };
}

/** Memory that the caller fills in and the kernel writes to: the base of such arguments of a single call. */
export function inOut<I, O>(
  c: string | readonly string[],
  parts: Pick<Arg<[I], [O]>, 'encode' | 'decode' | 'render'> & Partial<Arg<[I], [O]>>,
): Arg<[I], [O]> {
  return { c: typeof c === 'string' ? [c] : c, takes: 1, gives: 1, refuse: () => undefined, ...parts };
}
