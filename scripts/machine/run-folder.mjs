// The folder of one run: what is only of use while the machine runs.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Gives `use` a folder that is gone afterwards. */
export async function withRunFolder(cache, use) {
  removeAbandoned(cache);
  const folder = join(cache, `run-${process.pid}`);
  mkdirSync(folder);
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run that was killed outright, as by SIGKILL, cannot remove its folders: the next one does. */
function removeAbandoned(cache) {
  for (const name of readdirSync(cache)) {
    const pid = /^(?:run|unfinished)-(\d+)/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
