import { CLONE } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The cgroup namespace: the group that a process is in when the namespace is made becomes the `/` that it sees in
 * `/proc/PID/cgroup`. It hides where in the host's tree that is; it limits nothing by itself.
 *
 * Equivalent to: `unshare --cgroup`. See cgroup_namespaces(7).
 */
export const cgroup: Namespace = {
  kind: 'cgroup',
  flag: CLONE.NEWCGROUP,
  file: 'cgroup',
  limit: 'max_cgroup_namespaces',
  isolates: 'the root of the cgroup tree as seen from inside',
  man: 'cgroup_namespaces(7)',
};
