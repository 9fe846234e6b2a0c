import {
  AT,
  chdir,
  type Fd,
  fchdir,
  MNT,
  O,
  type Operand,
  openat2,
  pivot_root,
  RESOLVE,
  type Step,
  umount2,
} from '../../sys/index.js';

/**
 * Steps that make a mount the root of the mount namespace, and take the old root, with all that is mounted there, out of it: the
 * two change places on one directory, so no name for the old one is needed. See pivot_root(2).
 */
export function enterRoot(root: Operand<Fd>): Step[] {
  return [
    fchdir.step(root).because('the new root'),
    pivot_root.step('.', '.').because('it becomes the root, with the old one on top of it'),
    umount2.step('.', MNT.DETACH).because('the old root, and all of the host below it, is gone from here'),
    chdir.step('/').because('nothing of the old root is held'),
  ];
}

/** A step that fails (EXDEV) if anything is still mounted on top of the root: `..` of the root would lead there. */
export function nothingOnRoot(): Step {
  const flags = O.PATH | O.DIRECTORY | O.CLOEXEC;
  return openat2
    .step(AT.FDCWD, '/..', { flags, resolve: RESOLVE.NO_XDEV })
    .because('there is no way back: nothing is left on top of the root');
}

/** Steps that take away the mount that `fd` is the root of, without needing a name for it. */
export function detach(fd: Operand<Fd>): Step[] {
  return [fchdir.step(fd), umount2.step('.', MNT.DETACH)];
}
