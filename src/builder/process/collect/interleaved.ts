import { StringDecoder } from 'node:string_decoder';
import { Bytes } from './bytes.js';
import type { OutputEncoding } from './encoding.js';

/** Gives what a stream brings in pieces that nothing else may come in between of. */
interface Cutter {
  write(chunk: Buffer): Buffer;
  /** What was held back. */
  end(): Buffer;
}

const nothing = Buffer.alloc(0);

const cutters: { readonly [E in OutputEncoding]: () => Cutter } = {
  text: wholeCharacters,
  lines: wholeLines,
  buffer: () => ({ write: (chunk) => chunk, end: () => nothing }),
};

function wholeCharacters(): Cutter {
  const decoder = new StringDecoder('utf8');
  return { write: (chunk) => Buffer.from(decoder.write(chunk)), end: () => Buffer.from(decoder.end()) };
}

function wholeLines(): Cutter {
  const newline = Buffer.from('\n');
  const begun = new Bytes();
  return {
    write(chunk) {
      const end = chunk.lastIndexOf(newline) + newline.length;
      if (end < newline.length) {
        begun.append(chunk);
        return nothing;
      }
      begun.append(chunk.subarray(0, end));
      const lines = begun.take();
      begun.append(chunk.subarray(end));
      return lines;
    },
    end: () => (begun.length === 0 ? nothing : Buffer.concat([begun.take(), newline])),
  };
}

/** What several streams bring, in the order of its arrival: no character is torn in text, and no line in lines. */
export class Interleaved {
  readonly #encoding: OutputEncoding;
  readonly #cutters = new Map<string, Cutter>();
  readonly #bytes = new Bytes();

  constructor(encoding: OutputEncoding) {
    this.#encoding = encoding;
  }

  append(stream: string, chunk: Buffer): void {
    let cutter = this.#cutters.get(stream);
    if (cutter === undefined) {
      cutter = cutters[this.#encoding]();
      this.#cutters.set(stream, cutter);
    }
    this.#bytes.append(cutter.write(chunk));
  }

  /** Nothing more comes from this stream. */
  end(stream: string): void {
    this.#bytes.append(this.#cutters.get(stream)?.end() ?? nothing);
  }

  /** All of it, with what was held back. */
  take(): Buffer {
    for (const stream of this.#cutters.keys()) this.end(stream);
    return this.#bytes.take();
  }
}
