import type { Errno } from './brands.js';
import { errnoTable } from './tables/errno.js';

/** The name of an error that Linux defines, as `ENOENT`. */
export type ErrnoName = (typeof errnoTable)[number][1];

const byNumber = new Map<number, { name: ErrnoName; text: string }>();
const numbers: Partial<Record<ErrnoName, Errno>> = {};
for (const [number, name, text] of errnoTable) {
  byNumber.set(number, { name, text });
  numbers[name] = number;
}

/** The numbers of the errors by name: `errno.ENOENT` is 2. The same on x86-64 and AArch64. */
export const errno = Object.freeze(numbers) as Readonly<Record<ErrnoName, Errno>>;

/** The name of an error, `'ENOENT'` for 2; an unknown number stays one: `'errno 4095'`. */
export function errnoName(number: Errno): string {
  return byNumber.get(number)?.name ?? `errno ${number}`;
}

/** What the kernel's headers say of an error: `'No such file or directory'` for 2. */
export function errnoText(number: Errno): string {
  return byNumber.get(number)?.text ?? 'Unknown error';
}
