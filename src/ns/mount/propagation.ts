import { AT, type Fd, MS, mount, mount_setattr, type Operand, type Step } from '../../sys/index.js';

/** How mounts and unmounts pass between a mount and its copies: see mount_namespaces(7). */
export type Propagation = 'private' | 'slave' | 'shared' | 'unbindable';

export const propagations: readonly Propagation[] = ['private', 'slave', 'shared', 'unbindable'];

const propagationFlags = {
  private: MS.PRIVATE,
  slave: MS.SLAVE,
  shared: MS.SHARED,
  unbindable: MS.UNBINDABLE,
} as const satisfies Record<Propagation, number>;

/**
 * A step that sets the propagation of a mount and of all below it. Before the first mount in a new mount namespace, `/`
 * has to be made private (nothing passes) or a slave (only what the host mounts comes in).
 *
 * Equivalent to: `mount --make-rprivate TARGET` and its like. See mount(2).
 */
export function propagation(kind: Propagation, target = '/'): Step {
  const why =
    kind === 'slave'
      ? 'what the host mounts appears here, and no mount that is made from here on appears on the host'
      : 'no mount that is made from here on appears on the host';
  return mount.step(null, target, null, MS.REC | propagationFlags[kind], null).because(why);
}

/** Whether what is below a mount is meant too. */
export interface Reach {
  readonly recursive: boolean;
}

/** A step that sets the propagation of the mount that `fd` was opened in. Equivalent to: `mount --make-shared` and its like. */
export function setPropagation(fd: Operand<Fd>, kind: Propagation, { recursive }: Reach): Step {
  return mount_setattr
    .step(fd, '', AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0), { propagation: propagationFlags[kind] })
    .because(`how mounts and unmounts below pass to its copies: ${kind}`);
}

/** The same with mount(2), for Linux before 5.12. */
export function setPropagationAt(path: Operand<string>, kind: Propagation, { recursive }: Reach): Step {
  return mount
    .step(null, path, null, (recursive ? MS.REC : 0) | propagationFlags[kind], null)
    .because(`how mounts and unmounts below pass to its copies: ${kind}`);
}
