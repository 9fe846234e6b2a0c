import { readFileSync } from 'node:fs';
import { type Fd, pidfd_send_signal, pidfd_send_signal_info, SIG } from '../../sys/index.js';
import { hasSignal, signalMask } from '../signal-mask.js';
import { waitedSignals } from './waited-signals.js';

/** Signals whose default is not to end the process: signal(7). */
const harmless: readonly number[] = [0, SIG.CHLD, SIG.URG, SIG.WINCH, SIG.CONT, SIG.STOP, SIG.TSTP, SIG.TTIN, SIG.TTOU];

/** Whether a process that has no handler for a signal goes on. */
export function endsNobody(signal: number): boolean {
  return harmless.includes(signal);
}

/**
 * What becomes of a signal that is sent to the init of a PID namespace. The kernel drops every one that the init has no
 * handler for, other than SIGKILL and SIGSTOP; one that is blocked waits, and is dropped when it is let through. See
 * pid_namespaces(7).
 */
export type InitFate = 'arrives' | 'waits' | 'is unclear' | 'is dropped';

/** What becomes of a signal now. Signals that end nobody need no such care: they arrive. */
export function fateInInit(pid: number, signal: number): InitFate {
  if (signal === SIG.KILL || endsNobody(signal)) return 'arrives';
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'arrives';
  }
  if (hasSignal(signalMask(status, 'SigCgt') | signalMask(status, 'SigIgn'), signal)) return 'arrives';
  if (hasSignal(signalMask(status, 'SigBlk'), signal)) return 'waits';
  const waited = waitedSignals(pid);
  if (waited === undefined) return 'is unclear';
  return hasSignal(waited, signal) ? 'arrives' : 'is dropped';
}

/** The last real-time signal, as whose value init takes a signal that it could not take as it is: see init.c. */
const carrier = 64;

/**
 * What stops the command or has it go on: SIGSTOP would stop init itself, and of several signals that wait for init it would get the
 * lowest first, which is SIGCONT, whatever came last. As values of one real-time signal they stay in order.
 */
const byInit: readonly number[] = [SIG.STOP, SIG.CONT, SIG.TSTP, SIG.TTIN, SIG.TTOU];

/** Sends a signal to an init of ours, for its command. */
export function signalByInit(pidfd: Fd, signal: number): void {
  if (byInit.includes(signal)) pidfd_send_signal_info(pidfd, { si_signo: carrier, si_value: signal });
  else pidfd_send_signal(pidfd, signal);
}
