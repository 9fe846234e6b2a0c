import { flagSet } from '../flags.js';

/** What flock(2) does: see the man page. */
export const LOCK = flagSet('LOCK_', 'linux/fcntl.h', { SH: 1, EX: 2, NB: 4, UN: 8 });
