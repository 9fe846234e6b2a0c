import { integer, oneOf } from '../args.js';
import { KEY_SPEC, KEYCTL } from '../constants/key.js';
import { nameOfValue } from '../flags.js';
import { defineSyscall, number, type Syscall } from '../syscall.js';
import type { Word } from '../word.js';

/** A keyring with a name of its own, a serial number, or an address. */
function render(value: Word): string {
  if (value >= 0) return String(value);
  return nameOfValue(KEY_SPEC, Number(value)) ?? String(value);
}

/**
 * `keyctl(operation, arg2, arg3, arg4, arg5)`: works on the kernel's keys and keyrings. What the arguments mean depends
 * on the operation; those that it does not have are 0. See keyctl(2).
 *
 * Acts on the calling thread, where the operation is about its keyrings:
 * `keyctl(KEYCTL.JOIN_SESSION_KEYRING, 0, 0, 0, 0)` gives it a new session keyring, which what it starts inherits. Keys
 * are not divided by namespaces, except that each user namespace has its own keyrings of users: without that call a
 * sandbox has the session keyring of its parent.
 *
 * @param operation - a {@link KEYCTL} value.
 * @param arg2 - and the others: serial numbers of keys, {@link KEY_SPEC} values, addresses.
 * @returns what the operation gives: mostly the serial number of a key.
 * @throws SyscallError EACCES: the key does not allow it. EDQUOT: the user has too many keys. ENOKEY, EKEYEXPIRED,
 * EKEYREVOKED: no such key, or not any more. EINVAL, EOPNOTSUPP: an operation that is not known. ENOSYS: the kernel has
 * no keys, or the sandbox around forbids them.
 */
export const keyctl: Syscall<[operation: number, arg2: Word, arg3: Word, arg4: Word, arg5: Word], number> =
  defineSyscall({
    name: 'keyctl',
    man: 'keyctl(2)',
    scope: 'thread',
    args: [
      oneOf('int operation', KEYCTL),
      integer<Word>('unsigned long arg2', render),
      integer<Word>('unsigned long arg3', render),
      integer<Word>('unsigned long arg4', render),
      integer<Word>('unsigned long arg5', render),
    ],
    result: number,
  });
