/** A set of signals of a process, by the text of its `/proc/PID/status`: bit N-1 is signal N. See proc_pid_status(5). */
export function signalMask(status: string, field: 'SigBlk' | 'SigIgn' | 'SigCgt'): bigint {
  const mask = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
  return BigInt(`0x${mask}`);
}

/** Whether a signal is in such a set. */
export function hasSignal(mask: bigint, signal: number): boolean {
  return ((mask >> BigInt(signal - 1)) & 1n) === 1n;
}
