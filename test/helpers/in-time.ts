import { setTimeout } from 'node:timers/promises';

/** What does not come to its end is a failure, and says what it was. */
export async function inTime<T>(promise: Promise<T>, what: string, seconds = 30): Promise<T> {
  const inTime = new AbortController();
  const limit = setTimeout(seconds * 1000, undefined, { signal: inTime.signal }).then(
    () => Promise.reject(new Error(`${what}: it did not end within ${seconds} s`)),
    () => promise,
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    inTime.abort();
  }
}
