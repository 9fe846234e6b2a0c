import { existsSync } from 'node:fs';
import { SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';
import { type CgroupAccess, type CgroupBase, notWritable } from './access.js';
import { isRecord } from './check-record.js';
import { cgroupHierarchies, directoryIn } from './hierarchies.js';
import type { CgroupPart } from './part.js';
import { readParts } from './read-parts.js';
import { availableIn } from './v2/base.js';

/**
 * The bases below a group that the caller names: it answers for that group.
 *
 * @throws SpecError - there is no such group.
 */
export function basesIn(
  parent: string | { readonly parts: readonly CgroupPart[] },
  access: CgroupAccess,
): CgroupBase[] {
  if (isRecord(parent)) return readParts('parent', parent.parts).map(asBase);
  if (typeof parent !== 'string' || !parent.startsWith('/') || parent.split('/').includes('..')) {
    throw new SpecError('parent', `${shown(parent)} is no path of a group`, "give one as '/services/mine'");
  }
  const parts = cgroupHierarchies().flatMap((hierarchy) => {
    const { version, controllers, mountPoint, root } = hierarchy;
    if (mountPoint === undefined || root === undefined || !isKnown(access, hierarchy)) return [];
    const below = version === 2 && isBelow(parent, mountPoint) ? parent : directoryIn({ mountPoint, root }, parent);
    return below !== undefined && existsSync(`${below}/cgroup.procs`)
      ? [{ version, controllers, directory: below }]
      : [];
  });
  if (parts.length > 0) return parts.map(asBase);
  throw new SpecError('parent', `there is no group ${parent}`, 'make it first: it is looked for in every hierarchy');
}

/** A directory is a path, too, where there is one hierarchy to mean. */
function isBelow(path: string, mountPoint: string): boolean {
  return path === mountPoint || path.startsWith(`${mountPoint}/`);
}

function isKnown(
  { bases }: CgroupAccess,
  { version, controllers }: Pick<CgroupPart, 'version' | 'controllers'>,
): boolean {
  return bases.some(
    (base) => base.version === version && (version === 2 || base.controllers.join() === controllers.join()),
  );
}

function asBase({ version, controllers, directory }: CgroupPart): CgroupBase {
  const refused = notWritable(directory, version);
  return { version, controllers: version === 2 ? availableIn(directory) : controllers, directory, refused };
}
