import { renameSync, rmSync } from 'node:fs';
import { AT, close, errno, type Fd, flock, LOCK, O, openat, SyscallError } from '../../sys/index.js';

const flags = O.RDONLY | O.NOFOLLOW | O.CLOEXEC;

/**
 * Makes a lock on a name. It holds as long as anybody has its descriptor, or a copy of that: who opens the box, and then the init of
 * the box. So whether these are there is known also where their pids mean nothing. See flock(2).
 *
 * @param fresh - where it is made; at `path` it is locked whenever it is there.
 */
export function lockName(path: string, fresh: string): Fd {
  // Left by a program that was killed in here; a child that it was starting may hold its lock for a moment.
  rmSync(fresh, { force: true });
  const lock = openat(AT.FDCWD, fresh, flags | O.CREAT | O.EXCL, 0o600);
  try {
    flock(lock, LOCK.EX | LOCK.NB);
    renameSync(fresh, path);
    return lock;
  } catch (error) {
    close(lock);
    throw error;
  }
}

/** Whether somebody holds the lock that is there, if there is one. */
export function isNameLocked(path: string): boolean {
  const lock = openIfThere(path);
  if (lock === undefined) return false;
  try {
    // Shared: it is in the way of nobody else who looks.
    flock(lock, LOCK.SH | LOCK.NB);
    return false;
  } catch (error) {
    if (error instanceof SyscallError && error.errno === -errno.EAGAIN) return true;
    throw error;
  } finally {
    close(lock);
  }
}

function openIfThere(path: string): Fd | undefined {
  try {
    return openat(AT.FDCWD, path, flags, 0);
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
