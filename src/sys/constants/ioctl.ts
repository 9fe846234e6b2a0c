import { flagSet } from '../flags.js';

/** Requests about a namespace, on a file of `/proc/PID/ns`: ioctl_ns(2). */
export const NS_GET = flagSet('NS_GET_', 'linux/nsfs.h', {
  USERNS: 0xb701,
  PARENT: 0xb702,
  NSTYPE: 0xb703,
  OWNER_UID: 0xb704,
});

/** Requests about a network interface, on any socket: netdevice(7). */
export const SIOC = flagSet('SIOC', 'linux/sockios.h', { GIFFLAGS: 0x8913, SIFFLAGS: 0x8914 });

/** Requests to a terminal: ioctl_tty(2). */
export const TIOC = flagSet('TIOC', 'asm/ioctls.h', {
  SCTTY: 0x540e,
  GPGRP: 0x540f,
  SPGRP: 0x5410,
  GWINSZ: 0x5413,
  SWINSZ: 0x5414,
  NOTTY: 0x5422,
  GPTN: 0x80045430,
  SPTLCK: 0x40045431,
  GPTPEER: 0x5441,
});

/** Requests for the settings of a terminal: ioctl_tty(2). `SETS` at once, `SETSW` once output is drained. */
export const TC = flagSet('TC', 'asm/ioctls.h', { GETS: 0x5401, SETS: 0x5402, SETSW: 0x5403, SETSF: 0x5404 });

/** Requests that every file takes. */
export const FIO = flagSet('FIO', 'asm/ioctls.h', { NBIO: 0x5421, NCLEX: 0x5450, CLEX: 0x5451 });
