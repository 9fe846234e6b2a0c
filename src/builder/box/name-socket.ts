import { chmodSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  AF,
  AT,
  bind,
  close,
  connect,
  errno,
  type Fd,
  listen,
  O,
  openat,
  SOCK,
  SyscallError,
  socket,
  unixAddress,
} from '../../sys/index.js';

/** Left by a program that was killed before it had given it its name, or of one that is at it: who has the folder locked. */
const fresh = '.new-sock';

/**
 * Holds a name: a socket that listens at a path. It does so as long as anybody has its descriptor, or a copy of that: who opens the
 * box, and then the init of the box. So whether these are there is known also where their pids mean nothing. It is no way to the
 * host's files: a socket has no contents and cannot be opened anew, and its path is not what its descriptor leads to. See unix(7).
 */
export function holdName(folder: string, file: string): Fd {
  rmSync(join(folder, fresh), { force: true });
  const held = newSocket();
  try {
    addressed(folder, fresh, (address) => bind(held, address));
    // Nobody is ever accepted: one waits, and of the others it is known that they were not refused.
    listen(held, 0);
    // Whatever the umask is: those who look have to be able to write to it.
    chmodSync(join(folder, fresh), 0o600);
    renameSync(join(folder, fresh), join(folder, file));
    return held;
  } catch (error) {
    close(held);
    throw error;
  }
}

/** Whether somebody holds the name whose socket that is. Where that cannot be told, somebody does. */
export function isNameHeld(folder: string, file: string): boolean {
  if (lstatSync(join(folder, file), { throwIfNoEntry: false }) === undefined) return false;
  const looks = newSocket();
  try {
    addressed(folder, file, (address) => connect(looks, address));
    return true;
  } catch (error) {
    return !(error instanceof SyscallError && error.errno === -errno.ECONNREFUSED);
  } finally {
    close(looks);
  }
}

const newSocket = () => socket(AF.UNIX, SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0);

/** Does something with the address of a file, which may have a longer path than an address has room for. */
function addressed(folder: string, file: string, act: (address: Uint8Array) => void): void {
  const directory = openat(AT.FDCWD, folder, O.PATH | O.DIRECTORY | O.CLOEXEC, 0);
  try {
    act(unixAddress(`/proc/self/fd/${directory}/${file}`));
  } finally {
    close(directory);
  }
}
