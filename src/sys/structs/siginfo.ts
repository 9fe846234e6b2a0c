import { i32, i64, struct, u32 } from '../struct.js';

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

/** `siginfo_t`, with the members of a signal that is queued with a value: sigqueue(3). */
export const queuedSiginfo = struct(
  'siginfo_t',
  'asm/siginfo.h',
  {
    si_signo: i32,
    si_errno: i32,
    si_code: i32,
    si_pid: { ...i32, align: 8 },
    si_uid: u32,
    si_value: i64,
  },
  { size: 128 },
);
