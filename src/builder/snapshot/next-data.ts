import { type Fd, lseek, SEEK, SyscallError } from '../../sys/index.js';

/** A stretch of a file. */
export interface Data {
  readonly start: number;
  readonly end: number;
}

/**
 * The next data in a file of this size, from a position on; undefined where nothing but a hole comes, which reads as
 * zeros. A file of many petabytes may have data in few bytes, and take no more room.
 */
export function nextData(fd: Fd, position: number, size: number): Data | undefined {
  const found = seek(fd, position, SEEK.DATA, position);
  if (found === undefined || found >= size) return undefined;
  // Whoever serves the file system may say anything: it always goes on from here.
  const start = Math.max(found, position);
  if (!Number.isSafeInteger(start)) return { start, end: size };
  const end = seek(fd, start, SEEK.HOLE, size) ?? size;
  return { start, end: end > start ? Math.min(end, size) : size };
}

/** Where it is; undefined if there is none. `otherwise` is for file systems that do not say. */
function seek(fd: Fd, position: number, whence: number, otherwise: number): number | undefined {
  try {
    return lseek(fd, position, whence);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.code === 'ENXIO' ? undefined : otherwise;
  }
}
