import { addressOf } from './ffi.js';
import { highHalf, lowHalf, type Word } from './word.js';

/**
 * A piece of memory whose address is known, into which strings and structs are laid one after another. Every
 * argument of a system call is then a number, at once or in a plan.
 *
 * The memory is outside of V8's heap and does not move.
 */
export class Block {
  readonly bytes: Buffer;
  readonly address: number;
  readonly #words: Int32Array;
  readonly #laid = new Map<object, number>();
  #used = 0;
  /** Where what was reserved at the end begins. */
  #end: number;

  /** @param address - where it will be when it is used, if that is not where it is now. */
  constructor(size: number, address?: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.address = address ?? addressOf(this.bytes);
    this.#words = new Int32Array(this.bytes.buffer, 0, size >> 2);
    this.#end = size;
  }

  get size(): number {
    return this.bytes.length;
  }

  get used(): number {
    return this.#used;
  }

  /** Forgets what was laid into it. */
  clear(): void {
    this.#used = 0;
    this.#end = this.size;
    this.#laid.clear();
  }

  /** The address of what `lay` lays down for a value: once for each value, until the block is cleared. */
  once(value: object, lay: () => number): number {
    const address = this.#laid.get(value) ?? lay();
    this.#laid.set(value, address);
    return address;
  }

  /** The offset of `size` fresh bytes, aligned as any struct or word needs. */
  reserve(size: number): number {
    const offset = (this.#used + 15) & ~15;
    this.#need(offset + size);
    this.#used = offset + size;
    return offset;
  }

  /** The offset of `size` bytes at the end of the block, for what nobody reads afterwards: they are not among the used ones. */
  reserveAtEnd(size: number): number {
    const offset = (this.#end - size) & ~15;
    if (offset < this.#used) throw new BlockFullError(this.#used + size);
    this.#end = offset;
    return offset;
  }

  #need(end: number): void {
    if (end > this.#end) throw new BlockFullError(end + this.size - this.#end);
  }

  /** Lays a string with its closing NUL; returns its address. */
  putString(text: string): number {
    const size = Buffer.byteLength(text);
    const offset = this.#used;
    this.#need(offset + size + 1);
    this.bytes.write(text, offset, 'utf8');
    this.bytes[offset + size] = 0;
    this.#used = offset + size + 1;
    return this.address + offset;
  }

  /** Lays a copy of `data`; returns its address. */
  putBytes(data: Uint8Array): number {
    const offset = this.reserve(data.length);
    this.bytes.set(data, offset);
    return this.address + offset;
  }

  /** Writes a word at an offset that is a multiple of 8. */
  setWord(offset: number, word: Word): void {
    if (typeof word === 'bigint') {
      this.bytes.writeBigUInt64LE(BigInt.asUintN(64, word), offset);
      return;
    }
    this.#words[offset >> 2] = lowHalf(word);
    this.#words[(offset >> 2) + 1] = highHalf(word);
  }

  /** Reads a word that fits a double. */
  word(offset: number): number {
    return (this.#words[(offset >> 2) + 1] as number) * 0x1_0000_0000 + ((this.#words[offset >> 2] as number) >>> 0);
  }

  setInt32(offset: number, value: number): void {
    this.#words[offset >> 2] = value;
  }

  int32(offset: number): number {
    return this.#words[offset >> 2] as number;
  }

  /** Writes an int that another thread looks at. What that one writes before it looks, `shared` finds afterwards. */
  share(offset: number, value: number): void {
    Atomics.store(this.#words, offset >> 2, value);
  }

  /** Reads an int that another thread writes. */
  shared(offset: number): number {
    return Atomics.load(this.#words, offset >> 2);
  }
}

/** More was laid into a block than it holds; `needed` says how large it would have had to be so far. */
export class BlockFullError extends Error {
  readonly needed: number;

  constructor(needed: number) {
    super(`the block is full: it would need ${needed} bytes`);
    this.needed = needed;
  }
}
