// What this machine lets a test do. Each answer is a reason to skip, or undefined; a reason is always printed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
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
