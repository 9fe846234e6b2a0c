import { existsSync, readdirSync } from 'node:fs';
import type { CgroupRefusal, CgroupValue, CgroupVersion, ControllerName } from './controllers/controller.js';
import type { CgroupPart } from './part.js';
import { availableIn, isTrueRoot } from './v2/base.js';

/**
 * Whether a group that is made below another would have a file of a controller. The kernel gives all groups the same ones, but for the root of
 * a hierarchy, which has fewer.
 *
 * @returns undefined where there is no group to see it from.
 */
function wouldHave(base: CgroupPart, controller: ControllerName, file: string): boolean | undefined {
  const { version, directory } = base;
  if (existsSync(`${directory}/${file}`)) return true;
  if (!isRoot(directory, version)) return existsSync(`${directory}/cgroup.procs`) ? false : undefined;
  for (const group of groupsIn(directory)) {
    if (version === 2 && !availableIn(group).includes(controller)) continue;
    if (existsSync(`${group}/${file}`)) return true;
    // It may have been removed meanwhile.
    if (existsSync(`${group}/cgroup.procs`)) return false;
  }
  return undefined;
}

/** Of v1 the root alone has the file that tells who is called when a group is empty. */
function isRoot(directory: string, version: CgroupVersion): boolean {
  return version === 2 ? isTrueRoot(directory) : existsSync(`${directory}/release_agent`);
}

function groupsIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${directory}/${name}`);
  } catch {
    // Gone, or not for this user to see.
    return [];
  }
}

/** A value with those of its files that a new group would have, as far as can be seen; undefined if it would have none. */
export function withItsFiles(value: CgroupValue, base: CgroupPart): CgroupValue | undefined {
  const { also, ...alone } = value;
  const [first, second] = [value, ...(also === undefined ? [] : [also])]
    .map(({ file, value }) => ({ file, value }))
    .filter(({ file }) => wouldHave(base, alone.controller, file) !== false);
  return first && { ...alone, ...first, ...(second === undefined ? {} : { also: second }) };
}

/** That the kernel has no file for a value, so cannot do it. */
export function lacking({ field, file, missing }: CgroupValue): CgroupRefusal {
  return { field, ...(missing ?? { problem: `this kernel has no ${file}` }) };
}
