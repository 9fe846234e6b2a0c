import { CLONE } from '../../sys/index.js';
import type { Namespace } from '../namespace.js';

/**
 * The mount namespace: which file systems are attached where. A new one starts as a copy of the caller's, and stays tied
 * to it: where the host's mounts are shared, what is mounted in one appears in the other, until the propagation is changed
 * (see `propagation`).
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
