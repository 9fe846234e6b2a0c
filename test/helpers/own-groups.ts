// Control groups that sandboxes of a test make, below the group of the test itself.
import { readdirSync } from 'node:fs';
import { cgroupAccess, checkCgroup } from '../../src/cgroup/index.js';

/** Why this program can make none; undefined where it can. */
export const noOwnGroups: string | undefined = await checkCgroup({ controllers: ['memory', 'pids'] }).then(
  () => undefined,
  (error: Error) => error.message.split('\n')[0],
);

/** The names of those that this program has made and that are there. */
export function ownGroups(): string[] {
  const names = cgroupAccess().bases.flatMap(({ directory }) => readdirSync(directory));
  return [...new Set(names.filter((name) => name.startsWith(`isolate-${process.pid}-`)))];
}
