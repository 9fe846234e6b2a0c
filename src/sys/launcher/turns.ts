/**
 * How many launches of a thread run at once. libuv's pool of four threads is also that of `fs`, `dns` and `crypto`: one is left to them.
 * And launches that wait here, not in the pool, let this program have its turns in between.
 *
 * The pool is one for the process, and each worker counts for itself: what ends in one could not wake those that wait in another.
 */
export const mostAtOnce = 3;

/** How many of them go to places that are not their own, where they may be held up: one more is left to those that do not. */
export const mostToPlaces = mostAtOnce - 1;

let running = 0;
let toPlaces = 0;

/** The places that a launch is on its way to, and since when. */
const taken = new Map<string, number>();

/** Those that have not come, in the order in which they will; but one that has to wait for its places is passed by others. */
const waiting = new Set<Turn>();

/** The turn of a launch, which waits for it. */
export class Turn {
  /** Resolves when it comes; undefined if it is there. */
  readonly comes: Promise<void> | undefined;
  readonly #places: readonly string[];
  #begin = () => {};
  #fail: (reason: unknown) => void = () => {};

  /** @param places - where it goes: one launch at a time goes to each. */
  constructor(places: readonly string[] = []) {
    this.#places = places;
    if (this.#mayCome()) {
      this.#take();
      return;
    }
    waiting.add(this);
    this.comes = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#fail = reject;
    });
  }

  /** Since when another launch is on its way to a place of this one: as of `performance.now()`, undefined where none is. */
  get heldUpSince(): number | undefined {
    const since = this.#places.flatMap((place) => taken.get(place) ?? []);
    return since.length === 0 ? undefined : Math.max(...since);
  }

  /** Nobody waits for it any more, unless it has come: then `comes` rejects with the reason. */
  leave(reason: unknown): void {
    if (waiting.delete(this)) this.#fail(reason);
  }

  /** The launch has ended, or needs no thread any more: the next ones may begin. */
  end(): void {
    running--;
    if (this.#places.length > 0) toPlaces--;
    for (const place of this.#places) taken.delete(place);
    for (const next of waiting) {
      if (running === mostAtOnce) return;
      if (!next.#mayCome()) continue;
      waiting.delete(next);
      next.#take();
      next.#begin();
    }
  }

  #mayCome(): boolean {
    if (running === mostAtOnce) return false;
    return this.#places.length === 0 || (toPlaces < mostToPlaces && !this.#places.some((place) => taken.has(place)));
  }

  #take(): void {
    running++;
    if (this.#places.length > 0) toPlaces++;
    for (const place of this.#places) taken.set(place, performance.now());
  }
}
