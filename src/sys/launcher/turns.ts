/**
 * How many launches of a thread run at once. libuv's pool of four threads is also that of `fs`, `dns` and `crypto`: one is left to them.
 * And launches that wait here, not in the pool, let this program have its turns in between.
 *
 * The pool is one for the process, and each worker counts for itself: what ends in one could not wake those that wait in another.
 */
export const mostAtOnce = 3;

let running = 0;

/** Those that have not come, in the order in which they will. */
const waiting = new Set<Turn>();

/** The turn of a launch, which waits for it. */
export class Turn {
  /** Resolves when it comes; undefined if it is there. */
  readonly comes: Promise<void> | undefined;
  #begin = () => {};
  #fail: (reason: unknown) => void = () => {};

  constructor() {
    if (running < mostAtOnce) {
      running++;
      return;
    }
    waiting.add(this);
    this.comes = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#fail = reject;
    });
  }

  /** Nobody waits for it any more, unless it has come: then `comes` rejects with the reason. */
  leave(reason: unknown): void {
    if (waiting.delete(this)) this.#fail(reason);
  }

  /** The launch has ended: the next one may begin. */
  end(): void {
    const [next] = waiting;
    if (next === undefined) {
      running--;
      return;
    }
    waiting.delete(next);
    next.#begin();
  }
}
