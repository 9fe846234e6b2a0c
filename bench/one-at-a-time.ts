import type { Contestant } from './contestant.js';
import { median, quantile } from './statistics.js';
import { takeTurns } from './take-turns.js';

export interface Times {
  readonly name: string;
  /** Milliseconds from the start of a command to its end. */
  readonly median: number;
  readonly p95: number;
  readonly perSecond: number;
  readonly samples: readonly number[];
}

/** Starts of each turn that are not counted: they bear what the turn before left, as a network that is taken down. */
const leadIn = 2;
const perTurn = 10;
/** Rounds that are not counted: Node compiles while it runs. */
const warmUp = 3;

/** Starts commands one after the other. */
export async function oneAtATime(
  contestants: readonly Contestant[],
  rounds: number,
  tell: (round: number) => void,
): Promise<Times[]> {
  const turn = async (contestant: Contestant) => (await contestant.turn(leadIn + perTurn)).slice(leadIn);
  const results = await takeTurns(contestants, warmUp + rounds, turn, (round) => tell(round - warmUp));
  return [...results].map(([{ name }, turns]) => {
    const samples = turns.slice(warmUp).flat();
    const mean = samples.reduce((sum, time) => sum + time, 0) / samples.length;
    return { name, median: median(samples), p95: quantile(samples, 0.95), perSecond: 1000 / mean, samples };
  });
}
