import { stop } from './stop.js';

/**
 * Gives each contestant a turn in every round, in an order that is drawn anew: what a machine does besides, and what one
 * contestant leaves the kernel to clean up after its turn, hits all alike.
 */
export async function takeTurns<C, R>(
  contestants: readonly C[],
  rounds: number,
  turn: (contestant: C) => Promise<R>,
  tell: (round: number) => void,
): Promise<Map<C, R[]>> {
  const results = new Map<C, R[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 1; round <= rounds; round++) {
    tell(round);
    for (const contestant of shuffled(contestants)) {
      stop.throwIfAborted();
      results.get(contestant)?.push(await turn(contestant));
    }
  }
  return results;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
