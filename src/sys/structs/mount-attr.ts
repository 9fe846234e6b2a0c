import { MOUNT_ATTR, MS } from '../constants/mount.js';
import { flagNames } from '../flags.js';
import { type Struct, shownAs, struct, u64 } from '../struct.js';

/** RELATIME is a name for zero, which is no attribute that is set. */
export const mountAttrNames = (value: number): string => (value === 0 ? '0' : flagNames(MOUNT_ATTR, value));

/**
 * `struct mount_attr`: {@link MOUNT_ATTR} bits to set and to clear, a propagation of {@link MS}, and the user namespace for
 * an idmapped mount. See mount_setattr(2).
 */
export interface MountAttr {
  readonly attr_set?: number;
  readonly attr_clr?: number;
  readonly propagation?: number;
  readonly userns_fd?: number;
}

/** {@link MountAttr} in memory. */
export const mountAttr: Struct<Required<MountAttr>> = struct('mount_attr', 'linux/mount.h', {
  attr_set: shownAs(u64, mountAttrNames),
  attr_clr: shownAs(u64, mountAttrNames),
  propagation: shownAs(u64, (value) => flagNames(MS, value)),
  userns_fd: u64,
});
