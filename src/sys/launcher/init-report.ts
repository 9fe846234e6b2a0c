import { readSync } from 'node:fs';
import type { Fd } from '../brands.js';
import type { Waited } from '../calls/wait.js';
import { CLD } from '../constants/wait.js';
import { rusage } from '../structs/resource.js';
import { reportBytes } from './layout.js';

/** How the command of an init ended, as init has seen it. */
export type InitReport = Pick<Waited, 'code' | 'status' | 'usage'>;

/** Where `usage` is, bytes from the start of the report: `struct report` of init.c. */
const usageAt = 8;

/** Reads what init has told before it ended; undefined if it was killed before, or has told what cannot be. */
export function readInitReport(line: Fd): InitReport | undefined {
  const bytes = Buffer.alloc(reportBytes);
  try {
    if (readSync(line, bytes, 0, reportBytes, null) < reportBytes) return undefined;
  } catch (error) {
    // Somebody else still holds the other end: a child that is being started at this moment.
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
  const report = { code: bytes.readInt32LE(0), status: bytes.readInt32LE(4), usage: rusage.decode(bytes, usageAt) };
  return isPossible(report) ? report : undefined;
}

/** Who may trace init, as root inside may, can have it say anything. */
function isPossible({ code, status }: InitReport): boolean {
  if (code === CLD.EXITED) return status >= 0 && status <= 255;
  return (code === CLD.KILLED || code === CLD.DUMPED) && status >= 1 && status <= 64;
}
