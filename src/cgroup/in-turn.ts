/** How many are under way together. */
const together = 32;

/**
 * Does the same with each of many, some at a time: each of them may have descriptors open meanwhile.
 *
 * @returns what became of each, in their order.
 */
export async function inTurn<T, R>(
  items: readonly T[],
  act: (item: T) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const ends: PromiseSettledResult<R>[] = [];
  for (let from = 0; from < items.length; from += together) {
    ends.push(...(await Promise.allSettled(items.slice(from, from + together).map(act))));
  }
  return ends;
}
