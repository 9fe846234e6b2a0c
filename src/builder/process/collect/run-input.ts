import { Readable, type Writable } from 'node:stream';
import { SpecError } from '../../../sys/index.js';

/** What a command can be given to read: text, bytes, or a stream of them; a web stream is an AsyncIterable too. */
export type RunInput = string | Uint8Array | Readable | AsyncIterable<string | Uint8Array>;

/** The input of one run. A stream belongs to it, and is destroyed when the command reads no more. */
export class CommandInput {
  readonly #input: string | Uint8Array | Readable;

  /** @throws SpecError - it cannot be read. */
  constructor(input: RunInput) {
    checkInput(input);
    if (typeof input === 'string' || input instanceof Uint8Array) {
      this.#input = input;
    } else {
      this.#input = input instanceof Readable ? input : Readable.from(input);
      // It may fail before the command is there; whoever reads it is told then.
      this.#input.on('error', () => {});
    }
  }

  /**
   * Writes all of it, as fast as it is read, and then the end. That the command reads no more is no error.
   *
   * @returns when all is written, or nobody reads any more. Rejects where the source fails.
   */
  async feed(stdin: Writable): Promise<void> {
    stdin.on('error', () => {});
    const source = this.#input;
    if (!(source instanceof Readable)) {
      stdin.end(source);
      return;
    }
    stdin.once('close', () => source.destroy());
    try {
      for await (const chunk of source) {
        await new Promise((resolve) => stdin.write(chunk, resolve));
        if (stdin.destroyed) return;
      }
      stdin.end();
    } catch (error) {
      if (!stdin.destroyed) throw error;
    }
  }

  /** Nobody is going to read it. */
  destroy(): void {
    if (this.#input instanceof Readable) this.#input.destroy();
  }
}

function checkInput(input: unknown): void {
  if (typeof input === 'string' || input instanceof Uint8Array) return;
  const isIterable = typeof input === 'object' && input !== null && Symbol.asyncIterator in input;
  if (!isIterable) {
    throw new SpecError('input', 'it is no text, no Uint8Array and no stream', 'give one of them, or leave it out');
  }
  if (input instanceof Readable && (input.destroyed || input.readableEnded)) {
    throw new SpecError('input', 'the stream has been read to its end, or destroyed');
  }
}
