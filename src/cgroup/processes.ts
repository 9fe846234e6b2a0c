import { readdirSync, statSync } from 'node:fs';
import { codeOf, readNumbersOf } from './files.js';
import type { CgroupPart } from './part.js';

/** A group and all below it, those below first. */
export function groupsBelow(directory: string): string[] {
  try {
    // A group has two links, and one more for each group right below it.
    if (statSync(directory).nlink === 2) return [directory];
    const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...names.flatMap(({ name }) => groupsBelow(`${directory}/${name}`)), directory];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return [];
    throw error;
  }
}

/** The processes of a group and of those below it, in all of its hierarchies. 0 stands for one of a PID namespace outside of ours. */
export function processesIn(parts: readonly CgroupPart[]): number[] {
  const groups = parts.flatMap(({ directory }) => groupsBelow(directory));
  return [...new Set(groups.flatMap((group) => readNumbersOf(`${group}/cgroup.procs`)))];
}
