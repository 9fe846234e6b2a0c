import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';

/** Waits until something is so. What never comes to be so is a failure, and says what it was. */
export async function until(isSo: () => boolean, what: string, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!isSo()) {
    assert.ok(performance.now() < end, `within ${seconds} s: ${what}`);
    await setTimeout(5);
  }
}
