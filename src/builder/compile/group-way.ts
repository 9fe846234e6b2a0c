import type { CgroupPart } from '../../cgroup/index.js';
import { Late, type Step } from '../../sys/index.js';
import type { Host } from '../spec/host.js';

/**
 * How a process gets into one hierarchy of its group: it is born there, by CLONE_INTO_CGROUP; or it writes itself into this file before it does
 * anything else. In v1 that is `tasks`: the kernel lets a thread that moves itself alone pass at once, where `cgroup.procs` first waits for all
 * processors, some ten milliseconds; and the process has one thread.
 */
export type Entrance = 'clone' | 'cgroup.procs' | 'tasks';

/** How a command gets into its group: one entrance for each hierarchy. `rlimits`: there can be none, and its processes are limited one by one. */
export type GroupWay = 'rlimits' | readonly Entrance[];

/**
 * How a process gets into a group of some parts. Before Linux 6.4 who is born into a group has the processors of its parent, whatever cpuset
 * says; who writes itself into it has those of the group.
 */
export function wayInto(
  parts: readonly CgroupPart[],
  { cloneIntoCgroup }: Pick<Host, 'cloneIntoCgroup'>,
): readonly Entrance[] {
  return parts.map(({ version, controllers }) => {
    if (version === 1) return 'tasks';
    return cloneIntoCgroup && !controllers.includes('cpuset') ? 'clone' : 'cgroup.procs';
  });
}

/** The name of the value that is the descriptor of an entrance: of a directory to be born into, or of a file to write to. */
export function entranceValue(index: number): string {
  return `${valuePrefix}${index}`;
}

const valuePrefix = 'entrance of cgroup ';

/** Whether a step is one by which a process writes itself into its group. */
export function entersGroup({ call, args: [file] }: Step): boolean {
  return call.name === 'write' && file instanceof Late && file.names.some((name) => name.startsWith(valuePrefix));
}
