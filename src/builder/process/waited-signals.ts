import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { syscallNumber } from '../../sys/index.js';

/**
 * The signals that a process waits for in sigtimedwait(2) at this moment. The kernel keeps them for it, though `SigBlk` of
 * its status does not have them as long as it waits. None where it does not wait so, or we may not know.
 *
 * @returns undefined where it is running: what it waited for, or is about to wait for, cannot be seen.
 */
export function waitedSignals(pid: number): bigint | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/syscall`, 'utf8');
    if (text.startsWith('running')) return undefined;
    const [number, set] = text.split(' ');
    return Number(number) === syscallNumber('rt_sigtimedwait') ? readWord(pid, BigInt(set as string)) : 0n;
  } catch {
    return 0n;
  }
}

function readWord(pid: number, address: bigint): bigint {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const word = Buffer.alloc(8);
    readSync(memory, word, { position: address });
    return word.readBigUInt64LE();
  } finally {
    closeSync(memory);
  }
}
