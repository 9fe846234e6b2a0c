// What this machine lets a test do. Each answer is a reason to skip, or undefined; a reason is always printed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import type { Callback, Test } from 'uvu';

/** Adds a test, or says why it is left out. */
export function skipUnless<T>(test: Test<T>, reason: string | undefined, name: string, run: Callback<T>): void {
  if (reason === undefined) {
    test(name, run);
    return;
  }
  console.log(`skipped: ${name}: ${reason}`);
  test.skip(name, run);
}

export const isRoot = process.geteuid?.() === 0;

/** Several reasons: the first that there is. */
export function either(...reasons: (string | undefined)[]): string | undefined {
  return reasons.find((reason) => reason !== undefined);
}

export function rootOnly(): string | undefined {
  return isRoot ? undefined : 'only root may';
}

/** Whether a command is in PATH. */
export function commandMissing(name: string): string | undefined {
  const directories = (process.env.PATH ?? '').split(':');
  const found = directories.some((directory) => isExecutable(`${directory}/${name}`));
  return found ? undefined : `${name} is not installed`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether another program can do it: what ours is measured against. */
function refused(what: string, command: string, ...args: string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${what}: ${error?.message ?? stderr.trim()}`;
}

export function userNamespacesRefused(): string | undefined {
  return refused('this host makes no user namespaces', 'unshare', '--user', '--map-root-user', 'true');
}

/** Whether a fresh /proc may be mounted: not inside many containers. */
export function freshProcRefused(): string | undefined {
  const args = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc', 'true'];
  return refused('this host mounts no fresh proc', 'unshare', ...args);
}

export function timeNamespacesRefused(): string | undefined {
  return refused('this host makes no time namespaces', 'unshare', '--user', '--map-root-user', '--time', 'true');
}

/** Whether the kernel is too old for something. */
export function kernelBefore(major: number, minor: number, what: string): string | undefined {
  const [ownMajor = 0, ownMinor = 0] = release().split('.').map(Number);
  const isOld = ownMajor < major || (ownMajor === major && ownMinor < minor);
  return isOld ? `${what} needs Linux ${major}.${minor}` : undefined;
}

/** Whether an overlay may keep what is changed in memory. */
export function memoryOverlaysRefused(): string | undefined {
  return kernelBefore(6, 6, 'an overlay in memory');
}

const OVERLAYFS_SUPER_MAGIC = 0x794c7630;

/** Whether what is at a path can be mounted with other owners: an overlay, as many containers have for a root, cannot. */
export function otherOwnersRefused(path: string): string | undefined {
  return statfsSync(path).type === OVERLAYFS_SUPER_MAGIC
    ? `${path} is on an overlay, which has no other owners`
    : undefined;
}

/** Where the OOM killer comes during an execve(2), some of its versions fall over: a page of the new program is not there then. */
export const onUserModeLinux = /^vendor_id\s*: User Mode Linux$/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
  ? 'user-mode Linux may panic when the memory ends during an execve'
  : undefined;
