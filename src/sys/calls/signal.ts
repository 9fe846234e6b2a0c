import { constant, input, oneOf, out, word } from '../args.js';
import { SIG, SIG_HOW } from '../constants/signal.js';
import { nameOfValue } from '../flags.js';
import { sigaction } from '../structs/sigaction.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';
import type { Word } from '../word.js';

/** Signals in a mask of the kernel: 64 of them, a bit for each, the first for signal 1. */
const maskSize = 8;

function maskOf(signals: readonly number[] | 'all'): bigint {
  if (signals === 'all') return 0xffff_ffff_ffff_ffffn;
  return signals.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);
}

function signalsOf(mask: bigint): number[] {
  const signals: number[] = [];
  for (let signal = 1; signal <= 64; signal++) if ((mask >> BigInt(signal - 1)) & 1n) signals.push(signal);
  return signals;
}

/** `INT`, `RTMIN`, `RT_1`: as strace(1) writes a signal of a set. */
function shortName(signal: number): string {
  if (signal >= 32) return signal === 32 ? 'RTMIN' : `RT_${signal - 32}`;
  return nameOfValue(SIG, signal)?.slice(3) ?? String(signal);
}

const isSignal = (signal: number): boolean => Number.isInteger(signal) && signal >= 1 && signal <= 64;

const signalSet = input<readonly number[] | 'all' | null>('const sigset_t *set', {
  encode: (signals, block) => {
    if (signals === null) return 0;
    const offset = block.reserve(maskSize);
    block.setWord(offset, maskOf(signals));
    return block.address + offset;
  },
  render: (signals) => {
    if (signals === null) return 'NULL';
    return signals === 'all' ? '~[]' : `[${signals.map(shortName).join(' ')}]`;
  },
  refuse: (signals) =>
    signals === null || signals === 'all' || signals.every(isSignal) ? undefined : 'a signal is a number from 1 to 64',
});

const oldSignals = out('sigset_t *oldset', maskSize, (bytes, offset) => signalsOf(bytes.readBigUInt64LE(offset)));

/**
 * `rt_sigprocmask(how, set, oldset, 8)`: sets which signals are blocked, and tells which were. A blocked signal waits.
 * See sigprocmask(2).
 *
 * Acts on the calling thread. A signal to the process is then handled by another thread of Node.
 *
 * @param how - a {@link SIG_HOW} value: block these as well, unblock these, or block exactly these.
 * @param set - {@link SIG} values, or `'all'` of them; `null` to ask only. SIGKILL and SIGSTOP are left out silently.
 * @returns the signals that were blocked before. In a plan they are left in memory, for {@link rt_sigprocmask_from}.
 * @throws SyscallError EINVAL: another `how`.
 */
export const rt_sigprocmask: Syscall<[how: number, set: readonly number[] | 'all' | null], number[]> = defineSyscall({
  name: 'rt_sigprocmask',
  man: 'sigprocmask(2)',
  scope: 'thread',
  args: [oneOf('int how', SIG_HOW), signalSet, oldSignals, constant('size_t sigsetsize', maskSize)],
  result: (_returned, old) => old,
});

/**
 * `rt_sigprocmask(how, set, NULL, 8)`: sets which signals are blocked, from a set that is in memory already. See
 * sigprocmask(2).
 *
 * Acts on the calling thread. Its use is in a plan, where `set` is what an earlier step left:
 * `rt_sigprocmask_from.step(SIG_HOW.SETMASK, blocked.place(2))`.
 *
 * @param how - a {@link SIG_HOW} value.
 * @param set - the address of 8 bytes, a bit for each signal.
 * @throws SyscallError EINVAL: another `how`. EFAULT: a bad address.
 */
export const rt_sigprocmask_from: Syscall<[how: number, set: Word], void> = defineSyscall({
  name: 'rt_sigprocmask',
  man: 'sigprocmask(2)',
  scope: 'thread',
  args: [
    oneOf('int how', SIG_HOW),
    word('const sigset_t *set'),
    constant('sigset_t *oldset', 0, 'NULL'),
    constant('size_t sigsetsize', maskSize),
  ],
  result: nothing,
});

/** What happens on a signal without a handler: what is usual for it, or nothing. */
export type Disposition = 'SIG_DFL' | 'SIG_IGN';

const handlers: Readonly<Record<Disposition, number>> = { SIG_DFL: 0, SIG_IGN: 1 };

const disposition = input<Disposition>('const struct sigaction *act', {
  encode: (value, block) => sigaction.encode({ sa_handler: handlers[value] }, block),
  render: (value) => `{sa_handler=${value}, sa_mask=[], sa_flags=0}`,
  refuse: (value) => (Object.hasOwn(handlers, value) ? undefined : "it is neither 'SIG_DFL' nor 'SIG_IGN'"),
});

/**
 * `rt_sigaction(signum, act, NULL, 8)`: sets what happens on a signal. A handler cannot be given: it would run in the
 * midst of V8. See sigaction(2).
 *
 * Acts on the process. execve keeps what is ignored, and only that, so a program that Node starts does not end on
 * SIGPIPE unless this puts it right first. At once, it takes the signal from `process.on()`, and Node does not notice;
 * SIGCHLD is refused, without which Node would not hear of the children that it started.
 *
 * @param signum - a {@link SIG} value, but SIGKILL or SIGSTOP.
 * @param disposition - `'SIG_DFL'` or `'SIG_IGN'`.
 * @throws SyscallError EINVAL: no such signal, or SIGKILL or SIGSTOP.
 */
export const rt_sigaction: Syscall<[signum: number, disposition: Disposition], void> = defineSyscall({
  name: 'rt_sigaction',
  man: 'sigaction(2)',
  scope: 'process',
  args: [
    oneOf('int signum', SIG),
    disposition,
    constant('struct sigaction *oldact', 0, 'NULL'),
    constant('size_t sigsetsize', maskSize),
  ],
  result: nothing,
  refuse: (signum) => (signum === SIG.CHLD ? 'Node would not hear of the children that it started' : undefined),
});
