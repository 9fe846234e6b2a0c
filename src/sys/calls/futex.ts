import { constant, integer, named, word } from '../args.js';
import { FUTEX } from '../constants/futex.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';
import type { Word } from '../word.js';

/**
 * `futex(uaddr, FUTEX_CMP_REQUEUE_PRIVATE, 0, 0, NULL, val3)`: compares a 32-bit number in memory with one that is expected, and
 * does nothing else, since it wakes and moves no thread. See futex(2).
 *
 * Acts on nothing. In a plan, the launcher of which compares nothing but results, it is how a step asks whether what an earlier
 * one left in memory is what it has to be.
 *
 * @param uaddr - the address of the number, a multiple of 4.
 * @param val3 - what it has to be.
 * @throws SyscallError EAGAIN: it is another number. EINVAL, EFAULT: no such address.
 */
export const futex_cmp_requeue: Syscall<[uaddr: Word, val3: number], void> = defineSyscall({
  name: 'futex',
  man: 'futex(2)',
  scope: 'thread',
  args: [
    word('uint32_t *uaddr'),
    named('int futex_op', FUTEX, FUTEX.CMP_REQUEUE_PRIVATE),
    constant('uint32_t val', 0),
    constant('uint32_t val2', 0),
    constant('uint32_t *uaddr2', 0, 'NULL'),
    integer('uint32_t val3', String),
  ],
  result: nothing,
});
