import type { Block } from './block.js';
import { quoted } from './quoted.js';
import type { Word } from './word.js';

/** One member of a struct: its size in bytes (also its alignment), and how it gets there and back. */
export interface Field<T> {
  readonly size: number;
  /** Alignment, where it is not the size. */
  readonly align?: number;
  encode(value: T, block: Block, offset: number): void;
  decode(bytes: Buffer, offset: number): T;
  render(value: T): string;
}

type Members = Record<string, Field<unknown>>;
type Values<M extends Members> = { [K in keyof M]: M[K] extends Field<infer T> ? T : never };

/** A C struct with its natural alignment. Members that are not given are zero, as the kernel asks of unknown ones. */
export interface Struct<V extends object> {
  readonly name: string;
  readonly header: string;
  readonly size: number;
  readonly offsets: Readonly<Record<keyof V & string, number>>;
  /** Lays the struct into fresh memory; returns its address. */
  encode(value: Partial<V>, block: Block): number;
  /** Lays the struct at an offset of the block. */
  put(value: Partial<V>, block: Block, offset: number): void;
  decode(bytes: Buffer, offset: number): V;
  render(value: Partial<V>): string;
}

/** Describes a C struct: members in order. `packed` is for the few that the kernel packs. */
export function struct<M extends Members>(
  name: string,
  header: string,
  members: M,
  { packed = false, size: wholeSize }: { packed?: boolean; size?: number } = {},
): Struct<Values<M>> {
  type V = Values<M>;
  const fields = Object.entries(members) as [keyof V & string, Field<unknown>][];
  const offsets = {} as Record<keyof V & string, number>;
  let end = 0;
  let widest = 1;
  for (const [key, field] of fields) {
    const align = packed ? 1 : (field.align ?? field.size);
    widest = Math.max(widest, align);
    end = Math.ceil(end / align) * align;
    offsets[key] = end;
    end += field.size;
  }
  const size = wholeSize ?? Math.ceil(end / widest) * widest;
  const put = (value: Partial<V>, block: Block, start: number): void => {
    block.bytes.fill(0, start, start + size);
    for (const [key, field] of fields) {
      const given = value[key];
      if (given !== undefined) field.encode(given, block, start + offsets[key]);
    }
  };

  return {
    name,
    header,
    size,
    offsets,
    encode(value, block) {
      const start = block.reserve(size);
      put(value, block, start);
      return block.address + start;
    },
    put,
    decode(bytes, offset) {
      const value: Partial<Record<keyof V, unknown>> = {};
      for (const [key, field] of fields) value[key] = field.decode(bytes, offset + offsets[key]);
      return value as V;
    },
    render(value) {
      const shown = fields.filter(([key]) => value[key] !== undefined);
      return `{${shown.map(([key, field]) => `${key}=${field.render(value[key])}`).join(', ')}}`;
    },
  };
}

const decimal = (value: Word): string => String(value);

export const u8: Field<number> = {
  size: 1,
  encode: (value, block, offset) => void block.bytes.writeUInt8(value, offset),
  decode: (bytes, offset) => bytes.readUInt8(offset),
  render: decimal,
};

export const u16: Field<number> = {
  size: 2,
  encode: (value, block, offset) => void block.bytes.writeUInt16LE(value, offset),
  decode: (bytes, offset) => bytes.readUInt16LE(offset),
  render: decimal,
};

export const i16: Field<number> = {
  size: 2,
  encode: (value, block, offset) => void block.bytes.writeInt16LE(value, offset),
  decode: (bytes, offset) => bytes.readInt16LE(offset),
  render: decimal,
};

export const u32: Field<number> = {
  size: 4,
  encode: (value, block, offset) => void block.bytes.writeUInt32LE(value >>> 0, offset),
  decode: (bytes, offset) => bytes.readUInt32LE(offset),
  render: decimal,
};

export const i32: Field<number> = {
  size: 4,
  encode: (value, block, offset) => void block.bytes.writeInt32LE(value, offset),
  decode: (bytes, offset) => bytes.readInt32LE(offset),
  render: decimal,
};

/** A 64-bit member. Values above 2^53 come back rounded: use {@link u64Big} where they matter. */
export const u64: Field<number> = {
  size: 8,
  encode: (value, block, offset) => block.setWord(offset, value),
  decode: (bytes, offset) => bytes.readUInt32LE(offset + 4) * 0x1_0000_0000 + bytes.readUInt32LE(offset),
  render: decimal,
};

/** A 64-bit member that may use all of its bits, as RLIM_INFINITY does. */
export const u64Big: Field<bigint> = {
  size: 8,
  encode: (value, block, offset) => block.setWord(offset, value),
  decode: (bytes, offset) => bytes.readBigUInt64LE(offset),
  render: decimal,
};

export const i64: Field<number> = {
  size: 8,
  encode: (value, block, offset) => block.setWord(offset, value),
  decode: (bytes, offset) => bytes.readInt32LE(offset + 4) * 0x1_0000_0000 + bytes.readUInt32LE(offset),
  render: decimal,
};

/** The same member, shown by `render`. */
export function shownAs<T>(field: Field<T>, render: (value: T) => string): Field<T> {
  return { ...field, render };
}

/** A struct inside of another one. */
export function nested<V extends object>(type: Struct<V>, align: number): Field<V> {
  return { size: type.size, align, encode: type.put, decode: type.decode, render: type.render };
}

/** `count` bytes in a row. Fewer may be given: the rest is zero. */
export function byteArray(count: number): Field<Uint8Array> {
  return {
    size: count,
    align: 1,
    encode: (value, block, offset) => block.bytes.set(value.subarray(0, count), offset),
    decode: (bytes, offset) => Buffer.from(bytes.subarray(offset, offset + count)),
    render: quoted,
  };
}
