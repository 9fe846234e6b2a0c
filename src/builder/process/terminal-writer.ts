import type { Socket } from 'node:net';
import { CC, type Fd, ioctl_tcgets } from '../../sys/index.js';
import { closeLine, terminalLine } from './terminal-line.js';

const newline = 0x0a;

/**
 * Types on a terminal. What is typed when nobody is there is lost, and no error. It has a line of its own, which then fails, while
 * what was printed before is still to be read.
 */
export class TerminalWriter {
  readonly #master: Fd;
  #line: Socket | undefined;
  #last = newline;

  constructor(master: Fd) {
    this.#master = master;
  }

  /** Calls back when there is room for more. */
  type(bytes: Uint8Array, done: (error?: Error) => void): void {
    this.#last = bytes.at(-1) ?? this.#last;
    try {
      this.#line ??= this.#openLine();
      this.#line.write(bytes, () => done());
    } catch (error) {
      done(error as Error);
    }
  }

  /** Types the end of the input. In the middle of a line the character, once, only ends that. */
  typeEnd(done: (error?: Error) => void): void {
    const end = ioctl_tcgets(this.#master).c_cc.subarray(CC.EOF, CC.EOF + 1);
    this.type(this.#last === newline ? end : Buffer.concat([end, end]), done);
  }

  /** Resolves when its descriptor is closed. The terminal itself stays open. */
  close(): Promise<void> {
    return closeLine(this.#line);
  }

  #openLine(): Socket {
    const line = terminalLine(this.#master, { readable: false, writable: true });
    line.on('error', () => {
      this.#line = undefined;
    });
    return line;
  }
}
