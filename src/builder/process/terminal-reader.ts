import type { Socket, SocketConstructorOpts } from 'node:net';
import { type Fd, read, SyscallError } from '../../sys/index.js';
import { closeLine, terminalLine } from './terminal-line.js';

/** As much as a terminal gives at once. */
const largestRead = 4096;

/** Who gets what is printed. */
interface Sink {
  /** Takes what was read; returns whether there may be more. If not, `more()` goes on. */
  take(chunk: Buffer): boolean;
  /** Whether it waits for more. */
  waits(): boolean;
  /** Nobody has the other end any more. */
  end(): void;
  fail(error: Error): void;
}

/**
 * Reads what is printed on a terminal, to the very end. libuv takes a terminal that nobody else has open for one that is empty, which
 * it need not be: what is left then is read here, until the kernel says that it is the end.
 */
export class TerminalReader {
  readonly #master: Fd;
  readonly #sink: Sink;
  #line: Socket | undefined;
  #isOpen = true;

  constructor(master: Fd, sink: Sink) {
    this.#master = master;
    this.#sink = sink;
    this.#line = this.#openLine();
  }

  more(): void {
    if (this.#line === undefined) this.#readRest();
    else this.#line.resume();
  }

  /** Resolves when its descriptor is closed. The terminal itself stays open. */
  close(): Promise<void> {
    this.#isOpen = false;
    return closeLine(this.#line);
  }

  #openLine(): Socket {
    // A stream that keeps what it has read loses that with the error which is the end of a terminal.
    const callback = (size: number, buffer: Uint8Array) => this.#sink.take(Buffer.from(buffer.subarray(0, size)));
    const onread = { buffer: Buffer.alloc(largestRead), callback };
    const options = { readable: true, writable: false, onread } as SocketConstructorOpts;
    const line = terminalLine(this.#master, options);
    // What went wrong is told once more where the rest is read.
    line.on('error', () => {});
    line.once('close', () => {
      this.#line = undefined;
      if (this.#isOpen && this.#sink.waits()) this.#readRest();
    });
    return line;
  }

  #readRest(): void {
    try {
      const chunk = read(this.#master, largestRead);
      if (chunk.length === 0) this.#sink.end();
      else this.#sink.take(chunk);
    } catch (error) {
      const code = error instanceof SyscallError ? error.code : undefined;
      if (code === 'EIO') this.#sink.end();
      else if (code === 'EAGAIN') this.#goOn();
      else this.#sink.fail(error as Error);
    }
  }

  /** Somebody has opened the other end again. */
  #goOn(): void {
    try {
      this.#line = this.#openLine();
    } catch (error) {
      this.#sink.fail(error as Error);
    }
  }
}
