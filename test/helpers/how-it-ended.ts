// How a process ended, in two words.
import type { Exit } from '../../src/index.js';
import { SIG } from '../../src/sys/index.js';

/** The number of a signal by its name, of a real-time one too. */
export function numberOfSignal(name: string): number {
  const realTime = /^SIGRTMIN([+-]\d+)?$/.exec(name);
  if (realTime !== null) return 34 + Number(realTime[1] ?? 0);
  return Object.entries(SIG).find(([short]) => `SIG${short}` === name)?.[1] ?? Number(name.replace('SIGRT', ''));
}

/** `exit 35`, or `signal 15`; whoever sent that. */
export function howItEnded(exit: Exit): string {
  const { code, signal } = exit as { code?: number | null; signal?: string | null };
  return typeof signal === 'string' ? `signal ${numberOfSignal(signal)}` : `exit ${code}`;
}
