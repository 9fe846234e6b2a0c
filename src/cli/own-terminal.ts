import { isatty } from 'node:tty';
import type { TerminalSize } from '../index.js';
import {
  CC,
  CFLAG,
  IFLAG,
  ioctl_tcgets,
  ioctl_tcsets,
  ioctl_tiocgwinsz,
  LFLAG,
  OFLAG,
  SyscallError,
  type Termios,
} from '../sys/index.js';
import { isInBackground } from './foreground.js';

const stdin = 0;

/** The size of the terminal that we are used from; undefined where there is none, or it does not know. */
export function ownSize(): TerminalSize | undefined {
  const terminal = [0, 1, 2].find((fd) => isatty(fd));
  if (terminal === undefined) return undefined;
  const { columns, rows } = ioctl_tiocgwinsz(terminal);
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

/**
 * The terminal that is our input. While it is raw it does nothing by itself: what is typed comes to us as it is, for the terminal of
 * the command to act on, and what that prints is shown as it is. As cfmakeraw(3) has it; the raw mode of Node's streams is another:
 * it goes to the beginning of a line where a program only means to go down.
 */
export class OwnTerminal {
  readonly #before: Termios | undefined;

  constructor() {
    this.#before = isatty(stdin) ? ioctl_tcgets(stdin) : undefined;
    process.on('SIGCONT', this.#makeRaw);
    // Also where an error that nobody expects ends us.
    process.on('exit', this.#putBack);
    this.#makeRaw();
  }

  /** As it was. */
  restore(): void {
    process.off('SIGCONT', this.#makeRaw);
    process.off('exit', this.#putBack);
    this.#putBack();
  }

  readonly #makeRaw = (): void => {
    if (this.#before !== undefined) set(raw(this.#before));
  };

  readonly #putBack = (): void => {
    // In the background it belongs to others, who have it as they want it; and we would be stopped.
    if (this.#before !== undefined && !isInBackground()) set(this.#before);
  };
}

function raw(modes: Termios): Termios {
  const without = (value: number, ...bits: number[]) => bits.reduce((left, bit) => (left & ~bit) >>> 0, value);
  const { BRKINT, ICRNL, IGNBRK, IGNCR, INLCR, ISTRIP, IXON, PARMRK } = IFLAG;
  const { ECHO, ECHONL, ICANON, IEXTEN, ISIG } = LFLAG;
  const c_cc = Uint8Array.from(modes.c_cc);
  c_cc[CC.MIN] = 1;
  c_cc[CC.TIME] = 0;
  return {
    ...modes,
    c_iflag: without(modes.c_iflag, BRKINT, ICRNL, IGNBRK, IGNCR, INLCR, ISTRIP, IXON, PARMRK),
    c_oflag: without(modes.c_oflag, OFLAG.OPOST),
    c_cflag: (without(modes.c_cflag, CFLAG.PARENB) | CFLAG.CS8) >>> 0,
    c_lflag: without(modes.c_lflag, ECHO, ECHONL, ICANON, IEXTEN, ISIG),
    c_cc,
  };
}

/** A terminal that is gone needs no modes. */
function set(modes: Termios): void {
  try {
    ioctl_tcsets(stdin, modes);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}
