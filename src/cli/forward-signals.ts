import { constants } from 'node:os';
import { endsNobody, fateInInit } from '../builder/process/signals.js';
import { type RunningProcess, SyscallError } from '../index.js';
import { sharesForeground } from './foreground.js';
import { print } from './output.js';

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

/** What a terminal sends to every process of the group in its foreground. Node does not tell it from what kill(1) sends. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];

/** Passes the signals that we get on to a command: from before it starts, so that none of them ends us instead. */
export class SignalForwarder {
  #running: RunningProcess | undefined;
  #early: NodeJS.Signals[] = [];
  #last: NodeJS.Signals | undefined;
  readonly #isPid1: boolean;
  readonly #handlers: [NodeJS.Signals, () => void][] = [];

  /** @param isPid1 - the command is itself the first process of a PID namespace. */
  constructor(isPid1: boolean) {
    this.#isPid1 = isPid1;
    for (const signal of forwarded) {
      // Also for what the command has had: it must not end us before the command.
      const handler = () => this.#forward(signal);
      process.on(signal, handler);
      this.#handlers.push([signal, handler]);
    }
  }

  /** The command is there: it gets what has come for it already. */
  attach(running: RunningProcess): void {
    this.#running = running;
    for (const signal of this.#early) send(running, signal);
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
    if (this.#running !== undefined && this.#hasHad(signal, this.#running.pid)) return;
    // A terminal of its own tells it, and whoever is in front of that, when its size is another.
    if (signal === 'SIGWINCH' && this.#running?.terminal) return;
    if (!endsNobody(constants.signals[signal])) this.#last = signal;
    if (this.#running === undefined) this.#early.push(signal);
    else send(this.#running, signal);
  }

  /** Whether the terminal has sent a signal to the command too, and the kernel has not dropped it there. */
  #hasHad(signal: NodeJS.Signals, pid: number): boolean {
    if (!fromTerminal.includes(signal) || !sharesForeground(pid)) return false;
    return !this.#isPid1 || fateInInit(pid, constants.signals[signal]) === 'arrives';
  }
}

/** A command that has become another user, as sudo(8) does, may be out of reach: we go on waiting for it. */
function send(running: RunningProcess, signal: NodeJS.Signals): void {
  try {
    running.kill(signal);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    void print('stderr', `isolate: ${signal} is not passed on: ${error.message}\n`).catch(() => {});
  }
}
