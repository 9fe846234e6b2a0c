import { chmodSync, type PathLike } from 'node:fs';
import { codeOf } from './files.js';
import type { CgroupPart } from './part.js';
import { groupsBelow } from './processes.js';

/** The files by which a group is looked into and ended. */
const files = ['cgroup.procs', 'cgroup.kill', 'cgroup.events', 'cgroup.freeze', 'freezer.state'];

/**
 * Does something with a group, and once more where rights were missing: a command of the same user can take away those of the files that it sees of
 * its group, which would keep it alive.
 */
export async function regaining<T>(parts: readonly CgroupPart[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
    for (const { directory } of parts) {
      change(directory, 0o755);
      for (const { path } of groupsBelow(directory)) {
        for (const file of files) change(Buffer.concat([Buffer.from(path), Buffer.from(`/${file}`)]), 0o644);
      }
    }
    return act();
  }
}

/** What is not there, or somebody else's, stays as it is. */
function change(path: PathLike, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch {}
}
