import { shown } from '../../sys/shown.js';
import { parseSize } from '../../units/index.js';

/** A size as tmpfs(5) takes it, or why it is none. */
export type SizeRead = { readonly text: string } | { readonly problem: string; readonly help?: string };

/** Reads a size: bytes as a number, or text as `'64M'`, `'1.5G'` or `'25%'` of the memory. */
export function readSize(size: number | string): SizeRead {
  const percent = /^(\d{1,3})%$/.exec(String(size));
  if (percent !== null) {
    const share = Number(percent[1]);
    if (share >= 1 && share <= 100) return { text: `${share}%` };
    return { problem: `${shown(size)} is not a share of the memory from 1% to 100%` };
  }
  const bytes = parseSize(size);
  if (bytes === undefined)
    return { problem: `${shown(size)} is not a size`, help: "give bytes, or text as '64M' or '25%'" };
  if (bytes === 0n) {
    return { problem: 'a size of 0 would be no limit at all', help: 'leave it out for half of the memory' };
  }
  if (bytes >= 2n ** 63n) return { problem: `${shown(size)} is more than a file system can have, 2^63 bytes` };
  return { text: String(bytes) };
}
