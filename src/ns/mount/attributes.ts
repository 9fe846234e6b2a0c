import { MOUNT_ATTR, MS } from '../../sys/index.js';

/**
 * What a mount does not allow. `false` allows it again where a mount is changed, and leaves it as the source has it where one is
 * made; left out, it stays as it is. See mount_setattr(2).
 */
export interface MountAttributes {
  /** Nothing can be written through it. */
  readonly readOnly?: boolean;
  /** Set-user-ID bits and file capabilities of programs have no effect. */
  readonly nosuid?: boolean;
  /** Devices cannot be opened. */
  readonly nodev?: boolean;
  /** Programs cannot be run. */
  readonly noexec?: boolean;
  /** Reading does not change the times of access. */
  readonly noatime?: boolean;
}

const bits = {
  readOnly: [MOUNT_ATTR.RDONLY, MS.RDONLY],
  nosuid: [MOUNT_ATTR.NOSUID, MS.NOSUID],
  nodev: [MOUNT_ATTR.NODEV, MS.NODEV],
  noexec: [MOUNT_ATTR.NOEXEC, MS.NOEXEC],
  noatime: [MOUNT_ATTR.NOATIME, MS.NOATIME],
} as const satisfies Record<keyof MountAttributes, readonly [number, number]>;

export const attributeNames = Object.keys(bits) as (keyof MountAttributes)[];

function sum(attributes: MountAttributes, value: boolean, which: 0 | 1): number {
  return attributeNames.filter((name) => attributes[name] === value).reduce((all, name) => all | bits[name][which], 0);
}

/** The bits of mount_setattr(2) to set and to clear. Access times are one choice of three, so the old one is cleared. */
export function attributeBits(attributes: MountAttributes): { set: number; clear: number } {
  const clear = sum(attributes, false, 0) & ~MOUNT_ATTR.NOATIME;
  return {
    set: sum(attributes, true, 0),
    clear: clear | (attributes.noatime === undefined ? 0 : MOUNT_ATTR._ATIME),
  };
}

/** The flags of mount(2) for attributes that are set, and the mask of those that are named at all. */
export function mountFlags(attributes: MountAttributes): { set: number; named: number } {
  const set = sum(attributes, true, 1);
  return { set, named: set | sum(attributes, false, 1) };
}

/** Whether nothing is asked for. */
export function isNothing(attributes: MountAttributes): boolean {
  return attributeNames.every((name) => attributes[name] === undefined);
}
