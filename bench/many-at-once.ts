import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './peer.js';
import { median, quantile } from './statistics.js';
import { stop } from './stop.js';
import { takeTurns } from './take-turns.js';

export interface Crowd {
  readonly name: string;
  readonly perSecond: number;
  /** Milliseconds from the start of a command to its end, while others do the same. */
  readonly median: number;
  readonly p95: number;
  readonly delay: LoopDelay;
  readonly turns: readonly Turn[];
}

/** How late a timer of 1 ms was, milliseconds: it is in the figures, so that an idle loop shows more than 1. */
export interface LoopDelay {
  readonly p99: number;
  readonly worst: number;
}

interface Turn {
  readonly perSecond: number;
  readonly delay: LoopDelay;
  readonly samples: readonly number[];
}

export const atOnce = 32;
/** Timers that are on time, before and after: a delay is what lies between two of them. */
const margin = 5;
/** How long the kernel may take down what the turn before has left, ms. */
const settle = 200;

/** Keeps `atOnce` commands running, for some seconds in each round. */
export async function manyAtOnce(
  peers: readonly Peer[],
  command: string,
  { rounds, seconds }: { rounds: number; seconds: number },
  tell: (round: number) => void,
): Promise<Crowd[]> {
  const results = await takeTurns(peers, rounds, (peer) => crowdTurn(peer, command, seconds), tell);
  return [...results].map(([{ name }, turns]) => {
    const samples = turns.flatMap((turn) => turn.samples);
    return {
      name,
      perSecond: median(turns.map(({ perSecond }) => perSecond)),
      median: median(samples),
      p95: quantile(samples, 0.95),
      delay: {
        p99: median(turns.map(({ delay }) => delay.p99)),
        worst: Math.max(...turns.map(({ delay }) => delay.worst)),
      },
      turns,
    };
  });
}

async function crowdTurn(peer: Peer, command: string, seconds: number): Promise<Turn> {
  await sleep(settle);
  const samples: number[] = [];
  let took = 0;
  const delay = await loopDelayDuring(async () => {
    const began = performance.now();
    const one = async (): Promise<void> => {
      while (performance.now() - began < seconds * 1000 && !stop.aborted) {
        const start = performance.now();
        await peer.run(command);
        samples.push(performance.now() - start);
      }
    };
    // All of them are waited for, also when one has failed: nothing is left behind.
    const ends = await Promise.allSettled(Array.from({ length: atOnce }, one));
    took = (performance.now() - began) / 1000;
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  });
  stop.throwIfAborted();
  return { perSecond: samples.length / took, delay, samples };
}

/** The delay of a loop that has nothing to do. */
export function idleDelay(): Promise<LoopDelay> {
  return loopDelayDuring(() => sleep(1_000).then(() => undefined));
}

async function loopDelayDuring(work: () => Promise<void>): Promise<LoopDelay> {
  // One for each turn: switched on again, it would count the time in between.
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  try {
    await sleep(margin);
    await work();
    await sleep(margin);
  } finally {
    histogram.disable();
  }
  return { p99: histogram.percentile(99) / 1e6, worst: histogram.max / 1e6 };
}
