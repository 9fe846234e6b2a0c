import { spawn } from 'node:child_process';
import type { Contestant } from './contestant.js';
import { track } from './stop.js';

export const floorNone = 'C floor, no namespaces';
export const floorSeven = 'C floor, seven namespaces';

/** The two floors of a command: without namespaces, and with all seven. */
export function floorContestants(floor: string, command: string): Contestant[] {
  return [
    { name: floorNone, turn: (count) => floorTurn(floor, 'none', count, command) },
    { name: floorSeven, turn: (count) => floorTurn(floor, 'seven', count, command) },
  ];
}

/** One process starts the command `count` times, and takes the time itself. */
export function floorTurn(floor: string, namespaces: string, count: number, command: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(floor, [namespaces, String(count), command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const untrack = track(child);
    const text = { out: '', error: '' };
    child.stdout.on('data', (chunk) => {
      text.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      text.error += chunk;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      untrack();
      if (code === 0) resolve(text.out.trim().split('\n').map(Number).map(toMilliseconds));
      else reject(new Error(`the C floor ended with ${signal ?? code}: ${text.error.trim()}`));
    });
  });
}

const toMilliseconds = (nanoseconds: number): number => nanoseconds / 1e6;
