import { constants } from 'node:os';

/** A process that the bench started. */
interface Killable {
  kill(signal: 'SIGKILL'): boolean;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const running = new Set<Killable>();
const stopping = new AbortController();

/** Aborted when the bench is to end early. */
export const stop: AbortSignal = stopping.signal;

/**
 * From here on a signal, or the end of the process that started this one, ends the measuring and nothing else: what runs
 * does nothing, and is waited for. What still runs after that is killed.
 */
export function stopOnSignals(): void {
  const end = (signal: (typeof signals)[number]) => {
    stopping.abort(signal);
    setTimeout(() => killAll(), 2_000).unref();
  };
  for (const signal of signals) process.on(signal, end);
  process.on('disconnect', () => end('SIGHUP'));
}

/** The exit status of a program that a signal ended. */
export function stoppedStatus(): number {
  return 128 + constants.signals[stop.reason as (typeof signals)[number]];
}

/** Remembers a process until the returned function is called. */
export function track(process: Killable): () => void {
  running.add(process);
  return () => running.delete(process);
}

function killAll(): void {
  for (const process of running) process.kill('SIGKILL');
}
