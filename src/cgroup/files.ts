import { closeSync, constants, openSync, readFileSync, statSync, write as writeLater, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { withRights } from './rights.js';

/** What tells that a file, its group or its controller is not there. Of a file that is open, ENODEV says so. */
const absent: readonly unknown[] = ['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTDIR'];

/** The code of an error of the file system. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  // Node has another name for the same number.
  if (code === 'ENOTSUP') return 'EOPNOTSUPP';
  return typeof code === 'string' ? code : 'EIO';
}

/** Whether an error says that something is not there, or not any more. */
export function isAbsent(error: unknown): boolean {
  return absent.includes(codeOf(error));
}

/** Whether a file of a group is there. */
export function isThere(path: string): boolean {
  try {
    withRights(path, () => statSync(path));
    return true;
  } catch {
    return false;
  }
}

/** The text of a file of a group; undefined where there is none. */
export function readIfThere(path: string | Buffer): string | undefined {
  try {
    return withRights(path, () => readFileSync(path, 'utf8'));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** A file with one number; undefined where there is no such file, and for `max`. */
export function readNumber(path: string): number | undefined {
  const text = readIfThere(path)?.trim();
  return text === undefined || text === '' || text === 'max' ? undefined : Number(text);
}

/** A file with one number, or `max` for no limit; undefined where there is no such file. */
export function readLimit(path: string): number | 'max' | undefined {
  const text = readIfThere(path)?.trim();
  return text === undefined || text === 'max' ? text : Number(text);
}

/** A file with a name and a number on each line; undefined where there is no such file. */
export function readKeyed(path: string): Record<string, number> | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name = '', value]) => [name, Number(value)]));
}

/** Numbers of a file with one on each line, as `cgroup.procs`. */
export function readNumbersOf(path: string | Buffer): number[] {
  return (readIfThere(path) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Writes to a file of a group, in the one call that the kernel wants. The file has to be there: in a group none can be made. */
export function writeNow(path: string, value: string): void {
  const fd = openToWrite(path);
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

/** The same on another thread: some writes wait, for memory to be taken back or for all processors. */
export async function write(path: string, value: string): Promise<void> {
  const fd = openToWrite(path);
  try {
    await writtenLater(fd, value);
  } finally {
    closeSync(fd);
  }
}

const writtenLater = promisify(writeLater) as (fd: number, value: string) => Promise<unknown>;

function openToWrite(path: string): number {
  return withRights(path, () => openSync(path, constants.O_WRONLY));
}
