import { setTimeout } from 'node:timers/promises';

/** How long is waited for processes to stop, to end, or to be gone, if nothing else is said. Milliseconds. */
export const usualDeadline = 5000;

/** How long something may take, from when on it was asked for. */
export class Patience {
  /** Milliseconds in all. */
  readonly whole: number;
  readonly #end: number;
  readonly #heldUntil: number;

  /**
   * @param whole - milliseconds.
   * @param held - for how long of that this program is kept from its end.
   */
  constructor(whole: number, held = whole) {
    const now = performance.now();
    this.whole = whole;
    this.#end = now + whole;
    this.#heldUntil = now + held;
  }

  /** What is left, milliseconds. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** Waits for some milliseconds. */
  async pause(time: number): Promise<void> {
    await setTimeout(time, undefined, { ref: performance.now() < this.#heldUntil });
  }
}

/**
 * Waits until something is so: it is asked at once, then after 1 ms, 2 ms, and so on up to 50 ms.
 *
 * @param most - milliseconds: no longer than that, nor than the patience lasts.
 * @returns whether it was so in time.
 */
export async function waitUntil(isSo: () => boolean, patience: Patience, most = patience.left): Promise<boolean> {
  const end = performance.now() + Math.min(most, patience.left);
  for (let pause = 1; !isSo(); pause = Math.min(50, pause * 2)) {
    if (performance.now() >= end) return false;
    await patience.pause(pause);
  }
  return true;
}
