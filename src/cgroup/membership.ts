import { readFileSync } from 'node:fs';

/** A line of `/proc/PID/cgroup`: the group that a process is in, in one hierarchy. See cgroups(7). */
export interface Membership {
  /** The hierarchy: 2 for the unified one of cgroup v2, 1 for one of v1. */
  readonly version: 1 | 2;
  /** The controllers of a v1 hierarchy, as `['cpu', 'cpuacct']`; empty for v2, whose groups say it in `cgroup.controllers`. */
  readonly controllers: readonly string[];
  /** The name of a v1 hierarchy that has no controllers, as `systemd`. */
  readonly name: string | undefined;
  /** The group, from the root of the hierarchy as the reader's cgroup namespace sees it. */
  readonly path: string;
}

/**
 * Which control groups a process is in, one for each hierarchy. See cgroups(7), cgroup_namespaces(7).
 *
 * Equivalent to: `cat /proc/PID/cgroup`.
 *
 * @param pid - a process id, or `'self'`.
 * @returns the groups, by their paths in this cgroup namespace.
 * @throws Error ENOENT, ESRCH: no such process, or the kernel has no control groups. ENAMETOOLONG: the path of a group is longer than 4096 bytes.
 */
export function membershipsOf(pid: number | 'self' = 'self'): Membership[] {
  return parseMemberships(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
}

/**
 * The lines of a `/proc/PID/cgroup` file: `HIERARCHY:CONTROLLERS:PATH`, where a path may have colons of its own. Nothing is read. See cgroups(7).
 *
 * @param text - what the file says.
 * @returns one for each line that is not empty.
 */
export function parseMemberships(text: string): Membership[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [hierarchy = '', controllers = '', ...path] = line.split(':');
      const named = controllers.startsWith('name=');
      return {
        version: hierarchy === '0' ? 2 : 1,
        controllers: named || controllers === '' ? [] : controllers.split(','),
        name: named ? controllers.slice('name='.length) : undefined,
        path: path.join(':'),
      };
    });
}
