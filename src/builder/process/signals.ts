import { readFileSync } from 'node:fs';
import { type FlagName, SIG, SpecError } from '../../sys/index.js';

/** The number of a signal that is given by name or number. */
export function signalNumber(signal: NodeJS.Signals | number, field = 'signal'): number {
  if (typeof signal === 'number') {
    if (Number.isInteger(signal) && signal >= 0 && signal <= 64) return signal;
  } else {
    const short = signal.replace(/^SIG/, '');
    if (Object.hasOwn(SIG, short)) return SIG[short as FlagName<typeof SIG>];
  }
  throw new SpecError(field, `there is no signal ${JSON.stringify(signal)}`);
}

/** Signals whose default is not to end the process: signal(7). */
const harmless: readonly number[] = [0, SIG.CHLD, SIG.URG, SIG.WINCH, SIG.CONT, SIG.STOP, SIG.TSTP, SIG.TTIN, SIG.TTOU];

/**
 * What becomes of a signal that is sent to the init of a PID namespace. The kernel drops every one that the init has no
 * handler for, other than SIGKILL and SIGSTOP; one that is blocked waits, and is dropped when it is let through. See
 * pid_namespaces(7).
 */
export type InitFate = 'arrives' | 'waits' | 'is dropped';

/** What becomes of a signal now. Signals that end nobody need no such care: they arrive. */
export function fateInInit(pid: number, signal: number): InitFate {
  if (signal === SIG.KILL || harmless.includes(signal)) return 'arrives';
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'arrives';
  }
  const has = (field: string) => {
    const mask = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
  };
  if (has('SigCgt') || has('SigIgn')) return 'arrives';
  return has('SigBlk') ? 'waits' : 'is dropped';
}
