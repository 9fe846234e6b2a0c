import { fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Fd } from '../brands.js';
import { fcntl_add_seals } from '../calls/fcntl.js';
import { close, memfd_create, write } from '../calls/file.js';
import { F_SEAL } from '../constants/fcntl.js';
import { MFD } from '../constants/file.js';
import { SyscallError } from '../errors.js';
import { nativeObject } from '../native-object.js';

interface InitFile {
  readonly fd: Fd;
  /** Nobody can change its mode. */
  readonly isModeSealed: boolean;
}

let opened: InitFile | undefined;

const executable = 0o777;

/**
 * A descriptor of the program that init is: in memory, and sealed, so that nobody who gets hold of it through /proc can change
 * what the next launch runs, or whether it runs. It is open as long as this thread lives.
 */
export function initFile(): Fd {
  opened ??= openSealed(readFileSync(nativeObject('init')));
  const { fd, isModeSealed } = opened;
  if (!isModeSealed && (fstatSync(fd).mode & executable) !== executable) fchmodSync(fd, executable);
  return fd;
}

function openSealed(program: Uint8Array): InitFile {
  const file = makeExecutable();
  try {
    write(file, program);
    const isModeSealed = sealMode(file);
    fcntl_add_seals(file, F_SEAL.SEAL | F_SEAL.SHRINK | F_SEAL.GROW | F_SEAL.WRITE);
    return { fd: closedWithThread(file), isModeSealed };
  } catch (error) {
    close(file);
    throw error;
  }
}

/** Where `vm.memfd_noexec` asks for it, a file has to say that it is to be executed; kernels before 6.3 do not know the flag. */
function makeExecutable(): Fd {
  const flags = MFD.CLOEXEC | MFD.ALLOW_SEALING;
  try {
    return memfd_create('isolate-init', flags | MFD.EXEC);
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === 'EINVAL')) throw error;
    return memfd_create('isolate-init', flags);
  }
}

/** Who is root in a sandbox owns the file, and could take the right to execute it from all others. Linux 6.3 and later. */
function sealMode(file: Fd): boolean {
  try {
    fcntl_add_seals(file, F_SEAL.EXEC);
    return true;
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === 'EINVAL')) throw error;
    return false;
  }
}

/** Node closes what a worker has opened when that ends, but only what was opened through Node. */
function closedWithThread(file: Fd): Fd {
  try {
    const same = openSync(`/proc/self/fd/${file}`, 'r');
    close(file);
    return same;
  } catch {
    return file;
  }
}
