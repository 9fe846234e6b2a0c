import type { KillWay } from './ending.js';
import type { RunningProcess } from './running-process.js';

/** Ends a command when its time is over, milliseconds from now. */
export function endAtLimit(running: RunningProcess, limit: number, way: KillWay): void {
  // The process keeps the event loop going, if anything does.
  const timer = setTimeout(() => running.end({ kind: 'timeout', limit }, way), limit).unref();
  void running.exited.then(() => clearTimeout(timer));
}

/** Ends a command when a signal is aborted. No listener stays behind. */
export function endOnAbort(running: RunningProcess, signal: AbortSignal, way: KillWay): void {
  const end = () => running.end({ kind: 'killed', by: 'abort' }, way);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  void running.exited.then(() => signal.removeEventListener('abort', end));
}
