import type { LaunchTurn } from '../../sys/index.js';
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

  /** @param limit - milliseconds. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** The same turn, during which the time is counted. */
  during({ onTurn, ...turn }: LaunchTurn): LaunchTurn {
    return {
      ...turn,
      onWait: (heldUpSince) => this.#wait(heldUpSince, performance.now()),
      onTurn: () => {
        this.#after(this.#limit, () => this.#end());
        onTurn?.();
      },
    };
  }

  /** The launch has come to its end. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** It waits for its turn. That is not counted, but for what a single other one takes on its way to the same place: that may be for ever. */
  #wait(heldUpSince: () => number | undefined, began: number): void {
    const since = heldUpSince();
    const left = since === undefined ? this.#limit : this.#limit + Math.max(since, began) - performance.now();
    if (left <= 0) this.#end();
    else this.#after(left, () => this.#wait(heldUpSince, began));
  }

  #after(time: number, act: () => void): void {
    clearTimeout(this.#timer);
    // What has happened by then, while this thread had something else to do, is told before its immediates.
    const timer = setTimeout(() => setImmediate(() => this.#timer === timer && act()), time).unref();
    this.#timer = timer;
  }

  #end(): void {
    this.#over.abort(new LaunchTimeoutError(this.#limit));
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
