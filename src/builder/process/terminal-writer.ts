import type { Socket } from 'node:net';
import { CC, close, type Fd, ioctl_tcgets, ioctl_tiocgptpeer, O, SyscallError } from '../../sys/index.js';
import { isReadable } from './is-readable.js';
import { closeLine, terminalLine } from './terminal-line.js';

/** How often it is looked whether the end has to be typed again. */
const millisecondsBetween = 50;

/**
 * Types on a terminal. What is typed when nobody is there is lost, and no error. It has a line of its own, which then fails, while
 * what was printed before is still to be read.
 */
export class TerminalWriter {
  readonly #master: Fd;
  #line: Socket | undefined;
  #ending: NodeJS.Timeout | undefined;

  constructor(master: Fd) {
    this.#master = master;
  }

  /** Calls back when there is room for more. */
  type(bytes: Uint8Array, done: (error?: Error) => void): void {
    try {
      this.#line ??= this.#openLine();
      this.#line.write(bytes, () => done());
    } catch (error) {
      done(error as Error);
    }
  }

  /**
   * Types the end of the input, and again as soon as nothing is left to be read: it is for one reader only, it ends only a line where
   * one was begun, and a program that changes the modes of its terminal finds another character in its place.
   */
  typeEnd(done: (error?: Error) => void): void {
    const type = (done: (error?: Error) => void) => {
      const { c_cc } = ioctl_tcgets(this.#master);
      this.type(c_cc.subarray(CC.EOF, CC.EOF + 1), done);
    };
    this.#ending = setInterval(() => {
      if (this.#isAllRead()) type(() => {});
    }, millisecondsBetween).unref();
    type(done);
  }

  /** Resolves when its descriptor is closed. The terminal itself stays open. */
  close(): Promise<void> {
    clearInterval(this.#ending);
    return closeLine(this.#line);
  }

  #openLine(): Socket {
    const line = terminalLine(this.#master, { readable: false, writable: true });
    line.on('error', () => {
      this.#line = undefined;
    });
    return line;
  }

  /** As seen from the other end: only there it can be asked. */
  #isAllRead(): boolean {
    if (this.#line?.writableLength) return false;
    try {
      const other = ioctl_tiocgptpeer(this.#master, O.RDWR | O.NOCTTY | O.NONBLOCK | O.CLOEXEC);
      try {
        return !isReadable(other);
      } finally {
        close(other);
      }
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
  }
}
