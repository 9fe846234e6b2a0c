import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Bytes } from './bytes.js';
import { encoded, type OutputEncoding } from './encoding.js';
import { Interleaved } from './interleaved.js';
import { MaxBufferError, type Printed } from './max-buffer-error.js';

/** The streams that are collected; `null` where the command prints elsewhere. */
type Sources = Readonly<Record<'stdout' | 'stderr', Readable | null>>;

interface CollectedOutputParts<E extends OutputEncoding> {
  readonly encoding: E;
  readonly maxBuffer: number;
  readonly all: boolean;
  /** Told once, when a stream brings more than it may, or than Node can have. Nothing is collected from then on. */
  readonly onFailure: (error: unknown) => void;
}

/** Takes in what a command prints. */
export class CollectedOutput<E extends OutputEncoding> {
  /** Both streams are at their end. Rejects where one was closed before. */
  readonly complete: Promise<unknown>;
  readonly #parts: CollectedOutputParts<E>;
  readonly #bytes = { stdout: new Bytes(), stderr: new Bytes() };
  readonly #all: Interleaved | undefined;
  #hasFailed = false;

  constructor(sources: Sources, parts: CollectedOutputParts<E>) {
    this.#parts = parts;
    this.#all = parts.all ? new Interleaved(parts.encoding) : undefined;
    this.complete = Promise.all([this.#collect('stdout', sources.stdout), this.#collect('stderr', sources.stderr)]);
  }

  /** How many bytes have come so far. */
  get size(): number {
    return this.#bytes.stdout.length + this.#bytes.stderr.length;
  }

  /** All that was collected; can be asked for once. */
  take(): Printed<E> {
    const { encoding } = this.#parts;
    return {
      stdout: encoded(this.#bytes.stdout.take(), encoding),
      stderr: encoded(this.#bytes.stderr.take(), encoding),
      all: this.#all === undefined ? undefined : encoded(this.#all.take(), encoding),
    };
  }

  async #collect(name: 'stdout' | 'stderr', source: Readable | null): Promise<void> {
    if (source === null) return;
    source.on('data', (chunk: Buffer) => this.#try(() => this.#append(name, chunk)));
    source.on('end', () => this.#try(() => this.#all?.end(name)));
    await finished(source, { writable: false });
  }

  /** What is thrown where a stream calls would end this program. */
  #try(work: () => void): void {
    if (this.#hasFailed) return;
    try {
      work();
    } catch (error) {
      this.#hasFailed = true;
      this.#parts.onFailure(error);
    }
  }

  #append(name: 'stdout' | 'stderr', chunk: Buffer): void {
    const { maxBuffer } = this.#parts;
    const bytes = this.#bytes[name];
    const fits = chunk.subarray(0, maxBuffer - bytes.length);
    bytes.append(fits);
    this.#all?.append(name, fits);
    if (fits.length < chunk.length) throw new MaxBufferError(name, maxBuffer, this.take());
  }
}
