import type { Peer } from './peer.js';
import { stop } from './stop.js';

/** What takes turns with others. */
export interface Contestant {
  readonly name: string;
  /** Starts the command `count` times, one after the other; resolves with the milliseconds that each took. */
  turn(count: number): Promise<number[]>;
}

/** The milliseconds of each of `count` starts, one after the other. */
export async function timeTurn(peer: Peer, command: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    stop.throwIfAborted();
    await peer.ready?.();
    const began = performance.now();
    await peer.run(command);
    times.push(performance.now() - began);
  }
  return times;
}

export function peerContestant(peer: Peer, command: string): Contestant {
  return { name: peer.name, turn: (count) => timeTurn(peer, command, count) };
}
