import type { KillWay } from './ending.js';
import { LaunchTimeoutError } from './launch-timeout-error.js';
import type { RunningProcess } from './running-process.js';

/**
 * The time that the launch of a command may take: no more than the command itself. Those who are there already, where it joins others,
 * could stop it for ever.
 */
export class LaunchLimit {
  readonly #limit: number;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  /** @param limit - milliseconds. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** The launch has its turn: what it waited for that is not counted. */
  begin(): void {
    // What has happened by then, while this thread had something else to do, is told before its immediates.
    this.#timer = setTimeout(() => setImmediate(() => this.#end()), this.#limit).unref();
  }

  /** The launch has come to its end. */
  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
  }

  #end(): void {
    if (!this.#hasEnded) this.#over.abort(new LaunchTimeoutError(this.#limit));
  }
}

/** Ends a command when its time is over, milliseconds from now. */
export function endAtLimit(running: RunningProcess, limit: number, way: KillWay): void {
  // The process keeps the event loop going, if anything does.
  const timer = setTimeout(() => running.end({ kind: 'timeout', limit }, way), limit).unref();
  void running.exited.then(() => clearTimeout(timer));
}

/** Ends a command when a signal is aborted. No listener stays behind. */
export function endOnAbort(running: RunningProcess, signal: AbortSignal, way: KillWay): void {
  const end = () => running.end({ kind: 'killed', by: 'abort' }, way);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  void running.exited.then(() => signal.removeEventListener('abort', end));
}
