import {
  AT,
  type Fd,
  MOVE_MOUNT,
  mount_setattr,
  move_mount,
  OPEN_TREE,
  type Operand,
  open_tree,
  type Step,
} from '../../sys/index.js';
import { attributeBits, type MountAttributes } from './attributes.js';
import type { Reach } from './propagation.js';

/** A directory, and a path that starts there; an empty path is the directory (or file) itself. */
export interface At {
  readonly dir: Operand<Fd>;
  readonly path: string;
}

const emptyPath = ({ path }: At): number => (path === '' ? AT.EMPTY_PATH : 0);

/**
 * A step that copies a part of the tree of mounts: what it returns is attached nowhere yet, and ends with the process if it
 * stays so. Equivalent to the first half of: `mount --rbind SOURCE TARGET`. See open_tree(2).
 */
export function copyTree(source: At, { recursive }: Reach): Step {
  const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | emptyPath(source) | (recursive ? AT.RECURSIVE : 0);
  return open_tree.step(source.dir, source.path, flags);
}

/** A step that changes what a mount allows, and with `recursive` the mounts below it too: mount_setattr(2). */
export function setAttributes(target: At, attributes: MountAttributes, { recursive }: Reach): Step {
  const { set, clear } = attributeBits(attributes);
  const flags = emptyPath(target) | (recursive ? AT.RECURSIVE : 0);
  return mount_setattr.step(target.dir, target.path, flags, {
    attr_set: set,
    ...(clear === 0 ? {} : { attr_clr: clear }),
  });
}

/**
 * A step that attaches a tree. A symbolic link at the end of the path is not followed, and a directory is not attached to it.
 * Equivalent to the second half of: `mount --bind SOURCE TARGET`. See move_mount(2).
 */
export function attachTree(tree: Operand<Fd>, place: At): Step {
  const flags = MOVE_MOUNT.F_EMPTY_PATH | (place.path === '' ? MOVE_MOUNT.T_EMPTY_PATH : 0);
  return move_mount.step(tree, '', place.dir, place.path, flags);
}
