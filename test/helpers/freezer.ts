// The freezer of v1, which stops a process so that nothing ends it.
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { cgroupHierarchies } from '../../src/cgroup/index.js';
import { isRoot } from './can.js';
import { soon } from './groups.js';

const freezer = cgroupHierarchies().find(({ controllers }) => controllers.includes('freezer'))?.directory;

/** Why there is none here. */
export const noFreezer: string | undefined =
  freezer === undefined ? 'there is no freezer of v1' : isRoot ? undefined : 'only root may freeze in v1';

/** Makes a group of the freezer alone for as long as something is done; what was frozen in it goes on after. */
export async function withFreezer<T>(act: (directory: string) => Promise<T>): Promise<T> {
  const directory = `${freezer}/frozen-${process.pid}`;
  mkdirSync(directory);
  try {
    return await act(directory);
  } finally {
    writeFileSync(`${directory}/freezer.state`, 'THAWED');
    // What was killed while it was frozen ends now.
    await soon(() => isRemoved(directory), 'the end of what was frozen');
  }
}

function isRemoved(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}
