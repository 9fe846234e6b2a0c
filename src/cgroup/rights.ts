import { chmodSync, type PathLike, statSync } from 'node:fs';

/** How often it is tried: who takes rights away may do it again and again. */
const mostTries = 100;

/**
 * Opens something of a group, or looks at it. Where that is denied (EACCES), its owner allows it again: a command of the same user can have taken away
 * the rights to the files that it sees of its group, which would hide what it does there, and keep it alive.
 *
 * @param path - the file or the directory that is opened. What is somebody else's stays as it is.
 */
export function withRights<T>(path: string | Buffer, act: () => T): T {
  for (let tries = 1; ; tries++) {
    try {
      return act();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EACCES' || tries === mostTries) throw error;
      const isAllowed = [parentOf(path), path].map(allow);
      if (!isAllowed.includes(true)) throw error;
    }
  }
}

function parentOf(path: string | Buffer): Buffer {
  const bytes = Buffer.from(path);
  return bytes.subarray(0, Math.max(1, bytes.lastIndexOf('/')));
}

/** Whether the owner has all rights then. */
function allow(path: PathLike): boolean {
  try {
    const status = statSync(path);
    const rights = status.isDirectory() ? 0o700 : 0o600;
    if ((status.mode & rights) !== rights) chmodSync(path, (status.mode & 0o7777) | rights);
    return status.uid === process.geteuid?.();
  } catch {
    return false;
  }
}
