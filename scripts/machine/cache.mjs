// The folder outside of the project where what was fetched is kept.
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder, made if need be. What is in it is run: it has to be really our own. */
export function cacheFolder(name, given) {
  const usual = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'linux-isolate', name);
  const folder = resolve(given ?? usual);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== process.geteuid())
    throw new Error(`${folder} belongs to another user: name another one with --cache`);
  return folder;
}

/**
 * A folder of the cache that `fill` fills unless it is there. It appears whole or not at all, so that neither an
 * interrupted run nor two runs at a time leave half of it.
 */
export async function cached(cache, name, fill) {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const unfinished = join(cache, `unfinished-${process.pid}-${name}`);
  try {
    mkdirSync(unfinished, { recursive: true });
    await fill(unfinished);
    renameInto(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** Where another run was first, its folder is as good. */
function renameInto(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
