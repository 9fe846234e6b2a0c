import { CLONE } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The IPC namespace: System V message queues, semaphores and shared memory, and POSIX message queues. A new one is empty,
 * and needs no further step.
 *
 * Equivalent to: `unshare --ipc`. See ipc_namespaces(7).
 */
export const ipc: Namespace = {
  kind: 'ipc',
  flag: CLONE.NEWIPC,
  file: 'ipc',
  limit: 'max_ipc_namespaces',
  isolates: 'System V IPC objects and POSIX message queues',
  man: 'ipc_namespaces(7)',
};
