import { SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';
import { CgroupError, type CgroupErrorParts, cgroupError } from './errors.js';
import { codeOf, write } from './files.js';
import { cgroupHierarchies, directoryIn } from './hierarchies.js';
import { type Membership, membershipsOf } from './membership.js';
import type { CgroupPart } from './part.js';

/**
 * Moves a process into a group, in each of its hierarchies; where one refuses it, it is put back where it was in the others.
 *
 * Equivalent to: `echo PID > GROUP/cgroup.procs`.
 */
export async function attach(parts: readonly CgroupPart[], pid: number): Promise<void> {
  // 0 would be this program itself.
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new SpecError('pid', `${shown(pid)} is no process id`);
  const before = parts.length === 1 ? [] : membershipsIfThere(pid);
  const entered: CgroupPart[] = [];
  for (const part of parts) {
    const path = `${part.directory}/cgroup.procs`;
    try {
      await write(path, String(pid));
    } catch (error) {
      const stays = await putBack(entered, pid, before);
      throw refused({ action: 'attach', path, value: String(pid) }, error, stays);
    }
    entered.push(part);
  }
}

/** Of a process that is gone there are none, and the first write tells so. */
function membershipsIfThere(pid: number): Membership[] {
  try {
    return membershipsOf(pid);
  } catch {
    return [];
  }
}

/** The groups that it stays in, since it cannot be put back. */
async function putBack(parts: readonly CgroupPart[], pid: number, before: readonly Membership[]): Promise<string[]> {
  const stays: string[] = [];
  for (const part of [...parts].reverse()) {
    const directory = directoryBefore(part, before);
    try {
      await write(`${directory}/cgroup.procs`, String(pid));
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') stays.push(part.directory);
    }
  }
  return stays;
}

/** Where a process was in the hierarchy of a part; undefined where that is not to be seen. */
function directoryBefore(part: CgroupPart, before: readonly Membership[]): string | undefined {
  const isSame = ({ version, controllers }: Pick<Membership, 'version' | 'controllers'>) =>
    version === part.version && (version === 2 || controllers.join() === part.controllers.join());
  const path = before.find(isSame)?.path;
  const { root, mountPoint } = cgroupHierarchies().find(isSame) ?? {};
  return path === undefined || root === undefined || mountPoint === undefined
    ? undefined
    : directoryIn({ root, mountPoint }, path);
}

function refused(what: CgroupErrorParts, error: unknown, stays: readonly string[]): CgroupError {
  const refusal = cgroupError(what, error);
  if (stays.length === 0) return refusal;
  const problem = `and the process stays in ${stays.join(', ')}, since it cannot be put back where it was`;
  return new CgroupError({ ...what, help: refusal.help }, refusal.code, problem, { cause: error });
}
