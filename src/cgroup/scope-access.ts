import { existsSync } from 'node:fs';
import { accessWith, baseOf, type CgroupAccess } from './access.js';
import { cgroupHierarchies } from './hierarchies.js';
import { availableIn } from './v2/base.js';

/**
 * What this process may do when systemd has moved it into a scope that is delegated to it: of v2, since in v1 systemd delegates nothing. Above the scope are groups that systemd chooses: they
 * are `…` here.
 *
 * @param name - of the scope.
 */
export function scopeAccess(name: string): CgroupAccess {
  const hierarchies = cgroupHierarchies();
  const bases = hierarchies.flatMap((hierarchy) => {
    const { version, mountPoint } = hierarchy;
    if (version === 1 || mountPoint === undefined) return baseOf(hierarchy);
    const controllers = availableIn(groupOfManager(mountPoint));
    return [{ version, controllers, directory: `${mountPoint}/…/${name}`, refused: undefined }];
  });
  return accessWith(bases, hierarchies);
}

/** The group of the systemd that makes the scope: root's is that of all, and another user's has what was delegated to it. */
function groupOfManager(mountPoint: string): string {
  const uid = process.geteuid?.() ?? 0;
  const ofUser = `${mountPoint}/user.slice/user-${uid}.slice/user@${uid}.service`;
  return uid !== 0 && existsSync(ofUser) ? ofUser : mountPoint;
}
