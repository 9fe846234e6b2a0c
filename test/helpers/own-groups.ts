// Control groups that sandboxes of a test make, below the group of the test itself.
import { readdirSync } from 'node:fs';
import { cgroupAccess, cgroupHierarchies, checkCgroup } from '../../src/cgroup/index.js';
import { groupsBelow } from '../../src/cgroup/processes.js';

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

/** The names of all groups that some program has made, wherever they are: in every hierarchy that is mounted. */
export function groupsOf(pid: number): string[] {
  const mountPoints = new Set(cgroupHierarchies().flatMap(({ mountPoint }) => mountPoint ?? []));
  const names = [...mountPoints].flatMap((mountPoint) => [...groupsBelow(mountPoint)].map(({ name }) => name));
  return names.filter((name) => name.startsWith(`isolate-${pid}-`));
}
