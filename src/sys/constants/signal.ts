import { flagSet } from '../flags.js';

/** The numbers of the signals, the same on x86-64 and AArch64: signal(7). */
export const SIG = flagSet('SIG', 'asm/signal.h', {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
});

/** What rt_sigprocmask(2) does with the signals that it is given. */
export const SIG_HOW = flagSet('SIG_', 'asm/signal.h', { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 });
