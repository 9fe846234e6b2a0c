import { MS, mount, type Step } from '../../sys/index.js';

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
  return mount
    .step('proc', target, 'proc', MS.NOSUID | MS.NODEV | MS.NOEXEC, null)
    .because('shows the processes of the new PID namespace, not those of the host');
}
