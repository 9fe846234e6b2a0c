import { flagSet } from '../flags.js';

/** pidfd_open(2). */
export const PIDFD = flagSet('PIDFD_', 'linux/pidfd.h', { THREAD: 0o200, NONBLOCK: 0o4000 });
