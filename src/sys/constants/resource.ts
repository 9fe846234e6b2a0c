import { flagSet } from '../flags.js';

/** What prlimit(2) limits. */
export const RLIMIT = flagSet('RLIMIT_', 'linux/resource.h', {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
});

/** No limit: prlimit(2). */
export const RLIM64_INFINITY = 0xffff_ffff_ffff_ffffn;
