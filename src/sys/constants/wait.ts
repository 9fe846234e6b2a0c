import { flagSet } from '../flags.js';

/** Whom waitid(2) waits for. */
export const P = flagSet('P_', 'linux/wait.h', { ALL: 0, PID: 1, PGID: 2, PIDFD: 3 });

/** What waitid(2) waits for, and how. */
export const W = flagSet('W', 'linux/wait.h', {
  NOHANG: 0x1,
  STOPPED: 0x2,
  EXITED: 0x4,
  CONTINUED: 0x8,
  NOWAIT: 0x1000000,
});

/** Which children waitid(2) waits for: `__W.ALL` is the kernel's `__WALL`. */
export const __W = flagSet('__W', 'linux/wait.h', { NOTHREAD: 0x20000000, ALL: 0x40000000, CLONE: 0x80000000 });

/** What became of a child: the `code` that waitid(2) gives. */
export const CLD = flagSet('CLD_', 'asm/siginfo.h', {
  EXITED: 1,
  KILLED: 2,
  DUMPED: 3,
  TRAPPED: 4,
  STOPPED: 5,
  CONTINUED: 6,
});
