import { closeSync, constants, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { errno, flock, IsolateError, LOCK, SyscallError } from '../../sys/index.js';

/** Where named boxes are written down, one for each user: only that user can read or write there. */
export function stateFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime?.startsWith('/') && isOnlyOurs(runtime)) return join(runtime, 'isolate');
  // What `sudo -E` leaves to root is another user's, who could put anything there.
  if (process.geteuid?.() === 0) return '/run/isolate';
  const problem = runtime === undefined ? 'is not set' : `(${runtime}) is not a directory that only you can write to`;
  throw new IsolateError(
    'ERR_ISOLATE_STATE',
    `XDG_RUNTIME_DIR ${problem}: there is nowhere to write down what is called how\n  help  set it to a directory that is yours alone`,
  );
}

/** Nobody else can change what is in the directory. */
function isOnlyOurs(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
}

/** Makes the folder if it is not there, and makes sure that nobody else can change what is in it. */
export function openStateFolder(): string {
  const folder = stateFolder();
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // Nor a symbolic link, which would lead there.
  if (!lstatSync(folder).isDirectory() || !isOnlyOurs(folder)) {
    throw new IsolateError('ERR_ISOLATE_STATE', `${folder} is not a directory that only you can write to`);
  }
  return folder;
}

/** How often the lock is asked for, and how long it may take, milliseconds: who has it does little. */
const pause = 5;
const longest = 10_000;

/** Does something while no other program changes what is in the folder. */
export async function whileLocked<T>(folder: string, act: () => T): Promise<T> {
  const lock = openSync(join(folder, '.lock'), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    for (let waited = 0; !tryLock(lock); waited += pause) {
      if (waited >= longest) {
        throw new IsolateError('ERR_ISOLATE_STATE', `another program has had ${folder} locked for ${longest / 1000} s`);
      }
      await after(pause);
    }
    return act();
  } finally {
    closeSync(lock);
  }
}

function tryLock(lock: number): boolean {
  try {
    flock(lock, LOCK.EX | LOCK.NB);
    return true;
  } catch (error) {
    if (error instanceof SyscallError && error.errno === -errno.EAGAIN) return false;
    throw error;
  }
}
