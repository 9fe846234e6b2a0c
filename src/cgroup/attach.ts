import { SpecError } from '../sys/index.js';
import { cgroupError } from './errors.js';
import { write } from './files.js';
import type { CgroupPart } from './part.js';

/**
 * Moves a process into a group, in each of its hierarchies.
 *
 * Equivalent to: `echo PID > GROUP/cgroup.procs`.
 */
export async function attach(parts: readonly CgroupPart[], pid: number): Promise<void> {
  // 0 would be this program itself.
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new SpecError('pid', `${JSON.stringify(pid)} is no process id`);
  for (const { directory } of parts) {
    const path = `${directory}/cgroup.procs`;
    try {
      await write(path, String(pid));
    } catch (error) {
      throw cgroupError({ action: 'attach', path, value: String(pid) }, error);
    }
  }
}
