import type { CgroupVersion, ControllerName } from './controllers/controller.js';
import { kernelName } from './controllers/controller.js';

/** A group in one hierarchy. With cgroup v2 alone a group has one part, with v1 one for each hierarchy. See cgroups(7). */
export interface CgroupPart {
  /** The version of that hierarchy. */
  readonly version: CgroupVersion;
  /** The controllers that act there, as the kernel calls them. */
  readonly controllers: readonly string[];
  /** Its path in the file system, as `/sys/fs/cgroup/memory/jobs`. */
  readonly directory: string;
}

/** The part where a controller acts. */
export function partOf(parts: readonly CgroupPart[], controller: ControllerName): CgroupPart | undefined {
  return parts.find(({ version, controllers }) => controllers.includes(kernelName(controller, version)));
}

/** The part of a hierarchy of v1 that has something, as `freezer` or `cpuacct`. */
export function legacyPart(parts: readonly CgroupPart[], name: string): CgroupPart | undefined {
  return parts.find(({ version, controllers }) => version === 1 && controllers.includes(name));
}

/** The part in the unified hierarchy, also where it has no controllers. */
export function unifiedPart(parts: readonly CgroupPart[]): CgroupPart | undefined {
  return parts.find(({ version }) => version === 2);
}
