import type { InitRole } from './init-program.js';

/**
 * The block that the launcher and init walk through, as `launcher.h` declares it: a header, the steps, and after them whatever
 * their arguments point to. A test compares these offsets with the header.
 */
export const headerLayout = {
  count: 0,
  cleanup: 4,
  failed: 8,
  error: 12,
  mirror: 16,
  layout: 20,
  size: 24,
  role: 32,
  command: 36,
  line: 40,
  ended: 44,
  first: 48,
  cancelled: 52,
  bytes: 64,
} as const;

export const stepLayout = {
  result: 0,
  args: 8,
  tolerate: 56,
  expect: 72,
  number: 80,
  /** op, flags and loads, a byte each. */
  op: 84,
  next: 88,
  bytes: 96,
} as const;

export const opCodes = { call: 0, clone: 1, hold: 2, release: 3, exit: 4, decimal: 5, wait: 6, reap: 7 } as const;

/** `enum role`: what init does when it has made its steps. */
export const roleCodes = { serve: 0, hold: 1, leave: 2 } as const satisfies Record<InitRole, number>;

/** `LAYOUT`, `NONE_FAILED` and `WRONG_LAYOUT`. */
export const layoutVersion = 5;
export const noneFailed = -1;
export const wrongLayout = -2;

/** `STEP_EXPECTS`. */
export const stepExpects = 1;

/** `INIT_BASE`: the address at which init maps its block. */
export const initBase = 0x10_0000_0000;

/** `REPORT_BYTES`: what init tells of the command when it has ended. */
export const reportBytes = 152;

/**
 * What stands in the result of a step until the step has run. No system call returns it, and its low half is -1: what
 * would close the fd that such a step did not open gets EBADF.
 */
export const notRun = -0x1_0000_0001;

/** The stack of a child that shares the memory of its parent, bytes. The launcher needs a few hundred. */
export const stackSize = 16_384;
