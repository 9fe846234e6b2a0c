import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { RunningProcess, Sandbox } from '../index.js';

/** Signals that ask a program to end or to do something of its own: they are meant for the command. */
const forwarded: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGCONT',
  'SIGWINCH',
];

/** What a terminal sends to every process of its foreground group: the command has had it already, if it is in the group. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];

/** What ends nobody that has no handler for it. */
const harmless: readonly NodeJS.Signals[] = ['SIGCONT', 'SIGWINCH'];

/** Passes the signals that we get on to a command: from before it starts, so that none of them ends us instead. */
export class SignalForwarder {
  #running: RunningProcess | undefined;
  #early: NodeJS.Signals[] = [];
  #last: NodeJS.Signals | undefined;
  readonly #handlers: [NodeJS.Signals, () => void][] = [];

  constructor(sandbox: Sandbox) {
    // Not process.stdin: Node would make the descriptor that we share with the command non-blocking.
    const ownGroup = sandbox.spec.newSession === true || !isatty(0);
    for (const signal of forwarded) {
      // What the terminal sends to both must not end us before the command.
      const isOurs = ownGroup || !fromTerminal.includes(signal);
      const handler = () => (isOurs ? this.#forward(signal) : undefined);
      process.on(signal, handler);
      this.#handlers.push([signal, handler]);
    }
  }

  /** The command is there: it gets what has come for it already. */
  attach(running: RunningProcess): void {
    this.#running = running;
    for (const signal of this.#early) running.kill(signal);
    this.#early = [];
  }

  /**
   * The number of the last signal that would have ended the command. Where that is the init of its PID namespace, an end by
   * that signal looks like one by SIGKILL.
   */
  get last(): number | undefined {
    return this.#last === undefined ? undefined : constants.signals[this.#last];
  }

  /** The command has ended: signals are as they were. */
  end(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }

  #forward(signal: NodeJS.Signals): void {
    if (!harmless.includes(signal)) this.#last = signal;
    if (this.#running === undefined) this.#early.push(signal);
    else this.#running.kill(signal);
  }
}
