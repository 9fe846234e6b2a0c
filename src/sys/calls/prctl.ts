import { integer, oneOf } from '../args.js';
import { CAP } from '../constants/capability.js';
import { PR, PR_CAP_AMBIENT, SECBIT } from '../constants/prctl.js';
import { SIG } from '../constants/signal.js';
import { type FlagSet, flagNames, nameOfValue } from '../flags.js';
import { defineSyscall, number, type Syscall } from '../syscall.js';
import type { Word } from '../word.js';

type Render = (value: Word) => string;

/** What is as large as an address is shown as one. */
const plain: Render = (value) => (value >= 0x10000 ? `0x${value.toString(16)}` : String(value));
const nameIn =
  (set: FlagSet): Render =>
  (value) =>
    nameOfValue(set, Number(value)) ?? plain(value);
const namesIn =
  (set: FlagSet): Render =>
  (value) =>
    flagNames(set, Number(value));

/** How the arguments after the option are shown, where they are more than numbers. */
const meanings: Readonly<Record<number, readonly Render[]>> = {
  [PR.SET_PDEATHSIG]: [nameIn(SIG)],
  [PR.CAPBSET_READ]: [nameIn(CAP)],
  [PR.CAPBSET_DROP]: [nameIn(CAP)],
  [PR.CAP_AMBIENT]: [nameIn(PR_CAP_AMBIENT)],
  [PR.SET_SECUREBITS]: [namesIn(SECBIT)],
};

/** PR_CAP_AMBIENT_CLEAR_ALL is about no capability in particular, and 0 is one. */
function meaningOf(index: number, all: readonly unknown[]): Render | undefined {
  const [option, operation] = all;
  if (option === PR.CAP_AMBIENT && index === 1 && operation !== PR_CAP_AMBIENT.CLEAR_ALL) return nameIn(CAP);
  return meanings[Number(option)]?.[index];
}

const argument = (index: number) =>
  integer<Word>(`unsigned long arg${index + 2}`, (value, all = []) => (meaningOf(index, all) ?? plain)(value));

/** SECCOMP_MODE_STRICT of linux/seccomp.h. */
const strict = 1;

/**
 * `prctl(option, arg2, arg3, arg4, arg5)`: reads or sets one of many attributes of the caller. What the arguments mean
 * depends on the option; those that it does not have are 0. See prctl(2).
 *
 * Acts on the calling thread, except where the man page says that it is the process (`PR_SET_DUMPABLE`,
 * `PR_SET_CHILD_SUBREAPER`). So `PR_SET_NO_NEW_PRIVS` binds this thread and what it starts from now on, and not the
 * other threads of Node; and the signal of `PR_SET_PDEATHSIG` comes when the *thread* ends that started the caller.
 * `PR_SET_SECCOMP` in strict mode is refused at once: Node would be killed by the next call that it makes.
 *
 * @param option - a {@link PR} value.
 * @param arg2 - and the others: numbers, bits ({@link CAP}, {@link SECBIT}, {@link SIG}), addresses.
 * @returns what the option gives; 0 for those that set something.
 * @throws SyscallError EINVAL: an option or a value that is not known, or an unused argument that is not 0. EPERM: a
 * capability is missing: CAP_SETPCAP for `PR_CAPBSET_DROP` and `PR_SET_SECUREBITS`; for `PR_CAP_AMBIENT_RAISE` the
 * capability itself, permitted and inheritable. EFAULT: a bad address.
 */
export const prctl: Syscall<[option: number, arg2: Word, arg3: Word, arg4: Word, arg5: Word], number> = defineSyscall({
  name: 'prctl',
  man: 'prctl(2)',
  scope: 'thread',
  args: [oneOf('int option', PR), argument(0), argument(1), argument(2), argument(3)],
  result: number,
  refuse: (option, arg2) =>
    option === PR.SET_SECCOMP && Number(arg2) === strict
      ? 'the kernel would kill this thread of Node at its next call but read, write or exit'
      : undefined,
});
