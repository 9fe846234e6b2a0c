import { int, outUint } from '../args.js';
import type { Gid, Uid } from '../brands.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

export { capget, capset } from './capability.js';
export { getgroups, setgroups } from './groups.js';

/**
 * `getuid()`: the real user id: who started the program. See getuid(2).
 *
 * Acts on nothing.
 *
 * @returns the id in the caller's user namespace; 65534 where it has no mapping there. The call never fails.
 */
export const getuid: Syscall<[], Uid> = defineSyscall({
  name: 'getuid',
  man: 'getuid(2)',
  scope: 'thread',
  args: [],
  result: number,
});

/**
 * `geteuid()`: the effective user id: in whose right the caller acts. See getuid(2).
 *
 * Acts on nothing.
 *
 * @returns the id in the caller's user namespace; 65534 where it has no mapping there. The call never fails.
 */
export const geteuid: Syscall<[], Uid> = defineSyscall({
  name: 'geteuid',
  man: 'getuid(2)',
  scope: 'thread',
  args: [],
  result: number,
});

/**
 * `getgid()`: the real group id. See getgid(2).
 *
 * Acts on nothing.
 *
 * @returns the id in the caller's user namespace; 65534 where it has no mapping there. The call never fails.
 */
export const getgid: Syscall<[], Gid> = defineSyscall({
  name: 'getgid',
  man: 'getgid(2)',
  scope: 'thread',
  args: [],
  result: number,
});

/**
 * `getegid()`: the effective group id. See getgid(2).
 *
 * Acts on nothing.
 *
 * @returns the id in the caller's user namespace; 65534 where it has no mapping there. The call never fails.
 */
export const getegid: Syscall<[], Gid> = defineSyscall({
  name: 'getegid',
  man: 'getgid(2)',
  scope: 'thread',
  args: [],
  result: number,
});

/**
 * `getresuid(ruid, euid, suid)`: the real, the effective and the saved user id. See getresuid(2).
 *
 * Acts on nothing.
 *
 * @returns the three ids, in the caller's user namespace.
 */
export const getresuid: Syscall<[], { ruid: Uid; euid: Uid; suid: Uid }> = defineSyscall({
  name: 'getresuid',
  man: 'getresuid(2)',
  scope: 'thread',
  args: [outUint<Uid>('uid_t *ruid'), outUint<Uid>('uid_t *euid'), outUint<Uid>('uid_t *suid')],
  result: (_returned, ruid, euid, suid) => ({ ruid, euid, suid }),
});

/**
 * `getresgid(rgid, egid, sgid)`: the real, the effective and the saved group id. See getresuid(2).
 *
 * Acts on nothing.
 *
 * @returns the three ids, in the caller's user namespace.
 */
export const getresgid: Syscall<[], { rgid: Gid; egid: Gid; sgid: Gid }> = defineSyscall({
  name: 'getresgid',
  man: 'getresuid(2)',
  scope: 'thread',
  args: [outUint<Gid>('gid_t *rgid'), outUint<Gid>('gid_t *egid'), outUint<Gid>('gid_t *sgid')],
  result: (_returned, rgid, egid, sgid) => ({ rgid, egid, sgid }),
});

/**
 * `setresuid(ruid, euid, suid)`: sets the real, the effective and the saved user id. See setresuid(2).
 *
 * Acts on the calling thread alone. The C library sets all threads, the kernel does not: made at once, the other
 * threads of Node, which open files for it, keep their user. A thread that leaves user 0 with all three loses its
 * capabilities, unless `SECBIT_KEEP_CAPS` or `SECBIT_NO_SETUID_FIXUP` is set. If the effective id changes, the process
 * becomes non-dumpable, and PR_SET_PDEATHSIG is forgotten.
 *
 * @param ruid - an id of the caller's user namespace, as the others are; -1 leaves one as it is.
 * @param euid - the effective one.
 * @param suid - the saved one.
 * @throws SyscallError EPERM: one that the thread does not have among its three, without CAP_SETUID. EINVAL: an id that
 * has no mapping in this user namespace. EAGAIN: no memory, or before Linux 5.16 too many processes of that user.
 */
export const setresuid: Syscall<[ruid: Uid, euid: Uid, suid: Uid], void> = defineSyscall({
  name: 'setresuid',
  man: 'setresuid(2)',
  scope: 'thread',
  args: [int<Uid>('uid_t ruid'), int<Uid>('uid_t euid'), int<Uid>('uid_t suid')],
  result: nothing,
});

/**
 * `setresgid(rgid, egid, sgid)`: sets the real, the effective and the saved group id. See setresuid(2).
 *
 * Acts on the calling thread alone, as {@link setresuid} does. Give up groups before the user: afterwards the right to
 * is gone.
 *
 * @param rgid - an id of the caller's user namespace, as the others are; -1 leaves one as it is.
 * @param egid - the effective one.
 * @param sgid - the saved one.
 * @throws SyscallError EPERM: one that the thread does not have among its three, without CAP_SETGID. EINVAL: an id that
 * has no mapping in this user namespace.
 */
export const setresgid: Syscall<[rgid: Gid, egid: Gid, sgid: Gid], void> = defineSyscall({
  name: 'setresgid',
  man: 'setresuid(2)',
  scope: 'thread',
  args: [int<Gid>('gid_t rgid'), int<Gid>('gid_t egid'), int<Gid>('gid_t sgid')],
  result: nothing,
});
