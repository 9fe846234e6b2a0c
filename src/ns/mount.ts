import { CLONE, MS, mount as mountCall, type Step } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The mount namespace: which file systems are attached where. A new one starts as a copy of the caller's, and stays tied
 * to it: where the host's mounts are shared, what is mounted in one appears in the other, until the propagation is changed
 * (see {@link propagation}).
 *
 * Equivalent to: `unshare --mount`. See mount_namespaces(7).
 */
export const mount: Namespace = {
  kind: 'mount',
  flag: CLONE.NEWNS,
  file: 'mnt',
  limit: 'max_mnt_namespaces',
  isolates: 'the tree of mounts',
  man: 'mount_namespaces(7)',
};

/** How mounts and unmounts pass between a mount and its copies: see mount_namespaces(7). */
export type Propagation = 'private' | 'slave' | 'shared' | 'unbindable';

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
  return mountCall
    .step(null, target, null, MS.REC | propagationFlags[kind], null)
    .because('no mount that is made from here on appears on the host');
}

/**
 * A step that mounts a fresh proc file system, which shows the processes of the PID namespace of the process that mounts
 * it.
 *
 * It needs a PID namespace that belongs to the same user namespace. The kernel refuses it (EPERM) where every proc that is
 * already visible has something mounted over parts of it, as inside many containers: the fresh one would reveal them.
 *
 * Equivalent to: `mount -t proc proc /proc`. See proc(5).
 */
export function freshProc(target = '/proc'): Step {
  return mountCall
    .step('proc', target, 'proc', MS.NOSUID | MS.NODEV | MS.NOEXEC, null)
    .because('shows the processes of the new PID namespace, not those of the host');
}
