import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

/** What a stream gives, collected. */
export class Printed {
  readonly #chunks: Buffer[] = [];
  /** When the stream ends. Rejects where it is closed before. */
  readonly done: Promise<void>;

  constructor(stream: Readable | null) {
    this.done = stream === null ? Promise.resolve() : this.#collect(stream);
    this.done.catch(() => {});
  }

  /** How many times something came. */
  get count(): number {
    return this.#chunks.length;
  }

  /** What came so far, as UTF-8. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  async #collect(stream: Readable): Promise<void> {
    for await (const chunk of stream) this.#chunks.push(chunk as Buffer);
  }
}

/** A pipe holds 1 MiB at most, and is read in pieces of 64 KiB: whoever goes on writing does not keep us for ever. */
const mostTurns = 64;

/** Waits until what is in the pipes of a process that has ended was read: until a turn of the event loop brings nothing, and another. */
export async function untilQuiet(printed: readonly Printed[]): Promise<void> {
  const count = () => printed.reduce((sum, one) => sum + one.count, 0);
  let quiet = 0;
  for (let turn = 0; turn < mostTurns && quiet < 2; turn++) {
    const before = count();
    await setImmediate();
    quiet = count() === before ? quiet + 1 : 0;
  }
}
