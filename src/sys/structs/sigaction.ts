import { struct, u64 } from '../struct.js';

/** The kernel's own `struct sigaction`, which is not that of the C library: rt_sigaction(2). */
export const sigaction = struct('sigaction', 'asm/signal.h', {
  sa_handler: u64,
  sa_flags: u64,
  sa_restorer: u64,
  sa_mask: u64,
});
