import { i32, struct, u32 } from '../struct.js';

/** `siginfo_t`, with the members that waitid(2) fills in. */
export const siginfo = struct(
  'siginfo_t',
  'asm/siginfo.h',
  {
    si_signo: i32,
    si_errno: i32,
    si_code: i32,
    // The members after these are a union, aligned to a pointer.
    si_pid: { ...i32, align: 8 },
    si_uid: u32,
    si_status: i32,
  },
  { size: 128 },
);
