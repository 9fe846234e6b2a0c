// What is fetched once and kept.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../machine/cache.mjs';

/** A folder of the cache, and while it is filled a folder for what is of no use afterwards. */
export function fetched(cache, name, fill) {
  return cached(cache, name, async (folder) => {
    console.error(`fetching ${name}`);
    const work = join(folder, 'work');
    mkdirSync(work);
    await fill(folder, work);
    rmSync(work, { recursive: true });
  });
}
