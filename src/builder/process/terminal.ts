import { Duplex } from 'node:stream';
import { close, type Fd, ioctl_tiocgwinsz, ioctl_tiocswinsz } from '../../sys/index.js';
import { checkTerminalSize, type TerminalSize } from '../spec/terminal.js';
import { isReadable } from './is-readable.js';
import { TerminalReader } from './terminal-reader.js';
import { TerminalWriter } from './terminal-writer.js';

type Done = (error?: Error | null) => void;

/**
 * The terminal of a command, as the person in front of it has it: what is read here is what the command prints, to its output or as
 * errors, and what is written here is typed. It does what terminals do: what is typed comes back unless the command turns that off,
 * a newline is read as `\r\n`, and `'\x03'` is Ctrl-C.
 *
 * It is at its end when the command, and all that it left behind, have closed it. What is typed when nobody is there is lost, and no
 * error. `end()` types the end of the input, Ctrl-D or what the command has put in its place, for everybody who reads from then on.
 * `destroy()` closes it, as the window of a terminal is closed: a command that still runs gets SIGHUP.
 */
export class Terminal extends Duplex {
  readonly #master: Fd;
  readonly #reader: TerminalReader;
  readonly #writer: TerminalWriter;
  #size: TerminalSize;
  #isOpen = true;
  #isAtEnd = false;
  #commandRuns = true;

  /** @internal Takes the descriptor over. */
  constructor(master: Fd) {
    super({ autoDestroy: false });
    this.#master = master;
    this.#size = sizeOf(master);
    this.#writer = new TerminalWriter(master);
    this.#reader = new TerminalReader(master, {
      take: (chunk) => this.push(chunk),
      waits: () => this.readableLength < this.readableHighWaterMark,
      end: () => this.#end(),
      fail: (error) => this.destroy(error),
    });
    this.once('end', () => this.#closeIfDone());
  }

  /** Its width in characters, as it is now: the command may have changed it. After it is closed, the last one. */
  get columns(): number {
    return this.#sizeNow().columns;
  }

  /** Its height in characters, in the same manner. */
  get rows(): number {
    return this.#sizeNow().rows;
  }

  /**
   * Changes its size. If that is another one than before, the processes in its foreground get SIGWINCH. Does nothing after it is
   * closed.
   *
   * @param columns - the width in characters, 1 to 65535.
   * @param rows - the height in characters, 1 to 65535.
   * @throws SpecError - one of them is not such a number.
   */
  resize(columns: number, rows: number): void {
    checkTerminalSize('resize', { columns, rows });
    if (this.#isOpen) ioctl_tiocswinsz(this.#master, { columns, rows });
  }

  /** @internal The command has ended; what it printed may not have been read. */
  commandEnded(): void {
    this.#commandRuns = false;
    this.#closeIfDone();
  }

  /** @internal Whether something that was printed before this moment has not been read. */
  hasUnread(): boolean {
    if (this.readableEnded || !this.#isOpen) return false;
    if (this.readableLength > 0) return true;
    return isReadable(this.#master);
  }

  /** @internal */
  override _read(): void {
    this.#reader.more();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#writer.type(chunk, done);
  }

  /** @internal */
  override _final(done: Done): void {
    if (this.#isAtEnd) done();
    else this.#writer.typeEnd(done);
  }

  /** @internal */
  override _destroy(error: Error | null, done: Done): void {
    this.#size = this.#sizeNow();
    this.#isOpen = false;
    const closed = [this.#reader.close(), this.#writer.close()];
    close(this.#master);
    void Promise.all(closed).then(() => done(error));
  }

  #end(): void {
    if (this.#isAtEnd) return;
    this.#isAtEnd = true;
    void this.#writer.close();
    this.push(null);
    // Where nothing is left to be read, that is the end now, also if nobody listens.
    this.read(0);
  }

  /** A command that goes on without its terminal would be ended by SIGHUP, were that closed here. */
  #closeIfDone(): void {
    if (!this.#commandRuns && this.readableEnded) this.destroy();
  }

  #sizeNow(): TerminalSize {
    return this.#isOpen ? sizeOf(this.#master) : this.#size;
  }
}

function sizeOf(master: Fd): TerminalSize {
  const { columns, rows } = ioctl_tiocgwinsz(master);
  return { columns, rows };
}
