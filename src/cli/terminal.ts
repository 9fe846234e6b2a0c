import { once } from 'node:events';
import { isatty } from 'node:tty';
import type { Sandbox, SpawnOptions, Terminal } from '../index.js';
import { isInBackground } from './foreground.js';
import { OwnTerminal, ownSize } from './own-terminal.js';

/**
 * Whether a command gets a terminal of its own, and how large. If the command line does not say, one that would have none because of
 * its own session gets one where it is used at ours: stdin and stdout are a terminal, in the foreground of which we are. Its errors
 * are then shown there too, unless ours go somewhere else: there they can be told from what else it prints.
 */
export function terminalFor(
  { spec }: Pick<Sandbox, 'spec'>,
  wanted: boolean | undefined,
): Pick<SpawnOptions, 'tty' | 'stdio'> {
  const { tty, stdio, newSession } = spec;
  const size = () => ownSize() ?? tty ?? true;
  if (wanted ?? tty !== undefined) return { tty: size() };
  const isUsed = () => isatty(stdin) && isatty(stdout) && !isInBackground();
  if (wanted === false || !newSession || stdio !== undefined || !isUsed()) return { tty: false };
  return { tty: size(), ...(isatty(stderr) ? {} : { stdio: ['inherit', 'inherit', stderr] }) };
}

const [stdin, stdout, stderr] = [0, 1, 2] as const;

/** More than a terminal holds that nobody has read: what it printed last is in there. */
const mostUnread = 2 ** 18;

/** Connects the terminal of a command with our own descriptors, until it is disposed of. */
export class TerminalConnection implements Disposable {
  readonly #terminal: Terminal;
  readonly #own = new OwnTerminal();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    process.on('SIGWINCH', this.#resize);
    this.#resize();
    // Nobody sees it any more: it is closed, as a window is.
    process.stdout.on('error', this.#hangUp);
    process.stdin.on('error', this.#endInput);
    // At its end, the end of the input is typed.
    process.stdin.pipe(terminal);
    terminal.pipe(process.stdout, { end: false });
  }

  /**
   * The command has ended: all that it printed is written. What it left behind may have the terminal, and print for ever: that is not
   * waited for.
   */
  async drained(): Promise<void> {
    let read = 0;
    const count = (chunk: Buffer) => {
      read += chunk.length;
    };
    this.#terminal.on('data', count);
    while (this.#terminal.hasUnread() && read < mostUnread) {
      const done = new AbortController();
      const next = ['data', 'end', 'close'].map((event) => once(this.#terminal, event, { signal: done.signal }));
      await Promise.race(next);
      done.abort();
      await Promise.allSettled(next);
    }
    this.#terminal.off('data', count);
    await new Promise((resolve) => process.stdout.write('', resolve));
  }

  [Symbol.dispose](): void {
    process.stdin.unpipe(this.#terminal).pause().off('error', this.#endInput);
    this.#terminal.unpipe(process.stdout);
    process.stdout.off('error', this.#hangUp);
    process.off('SIGWINCH', this.#resize);
    this.#own.restore();
    this.#terminal.destroy();
  }

  readonly #resize = (): void => {
    const size = ownSize();
    if (size !== undefined) this.#terminal.resize(size.columns, size.rows);
  };

  readonly #hangUp = (): void => {
    this.#terminal.destroy();
  };

  readonly #endInput = (): void => {
    this.#terminal.end();
  };
}
