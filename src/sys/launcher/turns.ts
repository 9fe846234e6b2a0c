/**
 * How many launches run at once. libuv's pool of four threads is also that of `fs`, `dns` and `crypto`: one is left to them. And
 * launches that wait here, not in the pool, let this program have its turns in between.
 */
export const mostAtOnce = 3;

let running = 0;
const waiting: (() => void)[] = [];

/** Resolves when a launch may begin; undefined if it may at once. */
export function takeTurn(): Promise<void> | undefined {
  if (running < mostAtOnce) {
    running++;
    return undefined;
  }
  return new Promise((resolve) => waiting.push(resolve));
}

/** A launch has ended: the next one may begin. */
export function endTurn(): void {
  const next = waiting.shift();
  if (next === undefined) running--;
  else next();
}
