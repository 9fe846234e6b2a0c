import { SIG, SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';

/** A signal: its name as `'SIGTERM'`, of real-time ones as `'SIGRTMIN+3'`, or its number. See signal(7). */
export type Signal = NodeJS.Signals | number;

/** Real-time signals are counted from here, as kill(1) does: the C library keeps the two before for itself. See signal(7). */
const firstRealTime = 34;
const last = 64;

function realTimeName(number: number): string {
  const offset = number - firstRealTime;
  return `SIGRTMIN${offset < 0 ? offset : offset > 0 ? `+${offset}` : ''}`;
}

const names = new Map<number, string>([
  ...Object.entries(SIG).map(([name, number]) => [number, `SIG${name}`] as const),
  ...Array.from({ length: last - SIG.SYS }, (_, i) => SIG.SYS + 1 + i).map((n) => [n, realTimeName(n)] as const),
]);
const numbers = new Map([...names].map(([number, name]) => [name, number]));

/** The name of a signal: of real-time ones, for which Node has no type, as `SIGRTMIN+3`. */
export function signalName(number: number): NodeJS.Signals {
  return (names.get(number) ?? `SIG${number}`) as NodeJS.Signals;
}

/**
 * The number of a signal that is given by name, with or without its SIG, or by number.
 *
 * @param field - what it is for: the error names it.
 * @throws SpecError - there is none.
 */
export function signalNumber(signal: Signal, field = 'signal'): number {
  if (typeof signal === 'number' && Number.isInteger(signal) && signal >= 0 && signal <= last) return signal;
  const number = typeof signal === 'string' ? numbers.get(`SIG${signal.replace(/^SIG/, '')}`) : undefined;
  if (number !== undefined) return number;
  throw new SpecError(field, `there is no signal ${shown(signal)}`, "give a name as 'SIGTERM', or a number to 64");
}
