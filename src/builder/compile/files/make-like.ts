import type { MountAttributes } from '../../../ns/index.js';
import { type Fd, fchownat, mkdirat, type Operand, type Step } from '../../../sys/index.js';
import type { AccessInside } from './access-inside.js';
import type { Assembly } from './assembly.js';

/** Steps that make a directory in which nobody may do more than in the one whose place it takes. */
export function makeLike(parent: Operand<Fd>, name: string, { mode, uid, gid }: AccessInside): Step[] {
  const made = mkdirat.step(parent, name, mode).because('what is made or changed goes here');
  if (uid === undefined && gid === undefined) return [made];
  const owned = fchownat.step(parent, name, uid ?? -1, gid ?? -1, 0).because('it belongs to who has the one below');
  return [made, owned];
}

/** The same as options of a tmpfs. */
export function tmpfsAccess({ mode, uid, gid }: AccessInside): Record<string, string> {
  return {
    mode: mode.toString(8).padStart(4, '0'),
    ...(uid === undefined ? {} : { uid: String(uid) }),
    ...(gid === undefined ? {} : { gid: String(gid) }),
  };
}

/** What the mount that is covered does not allow, the one that covers it does not either; that it is read-only is another matter. */
export function coveredAttributes(assembly: Assembly, path: string): MountAttributes {
  const { view } = assembly;
  const { mounted, rest } = view.mountOf(path);
  const ofHost =
    mounted.kind === 'host'
      ? view.hostMounts(`${mounted.source === '/' ? '' : mounted.source}${rest}` || '/')
      : undefined;
  const { readOnly: _, ...others } = { ...ofHost?.attributes, ...mounted.attributes };
  return { ...others, nosuid: true, nodev: true };
}
