import type { Host } from '../../spec/host.js';
import type { Access } from '../../spec/host-files.js';
import type { ProcessSpec } from '../../spec/process-spec.js';
import { insideOf, mapsOf } from '../ids.js';

/** Who may do what in a directory that takes the place of one on the host, by ids of the new user namespace. */
export interface AccessInside {
  readonly mode: number;
  /** Left out, whoever makes it. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Tells who may do what in the place of a directory of the host: nobody more than there. */
export type AccessTranslator = (access: Access | undefined) => AccessInside;

/** A directory that the host does not tell of. */
const usual: AccessInside = { mode: 0o755 };

export function accessTranslator(spec: ProcessSpec, host: Host): AccessTranslator {
  const isNew = spec.unshare.includes('user');
  const { users, groups } = mapsOf(spec, host);
  return (access) => {
    if (access === undefined) return usual;
    const { mode } = access;
    const uid = isNew ? insideOf(users, access.uid) : access.uid;
    const gid = isNew ? insideOf(groups, access.gid) : access.gid;
    const group = gid === undefined ? {} : { gid };
    if (uid !== undefined) return { mode, uid, ...group };
    // The owner is nobody inside, and the maker owns what it makes: it may do what it may on the host, as one of the others.
    const others = access.gid === host.gid ? (mode >> 3) & 7 : mode & 7;
    return { mode: (mode & 0o1077) | (others << 6), ...group };
  };
}
