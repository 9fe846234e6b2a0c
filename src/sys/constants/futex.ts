import { flagSet } from '../flags.js';

/** What futex(2) does; `PRIVATE_FLAG`: for the threads of one process only. */
export const FUTEX = flagSet('FUTEX_', 'linux/futex.h', {
  WAIT: 0,
  WAKE: 1,
  REQUEUE: 3,
  CMP_REQUEUE: 4,
  PRIVATE_FLAG: 128,
  CMP_REQUEUE_PRIVATE: 132,
});
