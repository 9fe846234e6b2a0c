import { setTimeout } from 'node:timers/promises';

/**
 * Waits until something is so: it is asked at once, then after 1 ms, 2 ms, and so on up to 50 ms.
 *
 * @param deadline - milliseconds.
 * @returns whether it was so in time.
 */
export async function waitUntil(isSo: () => boolean, deadline: number): Promise<boolean> {
  const end = performance.now() + deadline;
  for (let pause = 1; !isSo(); pause = Math.min(50, pause * 2)) {
    if (performance.now() > end) return false;
    await setTimeout(pause);
  }
  return true;
}
