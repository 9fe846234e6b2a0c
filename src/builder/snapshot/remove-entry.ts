import { rmdir, unlink } from 'node:fs/promises';
import type { Directory } from './directory.js';
import { ALL, withOwnerRights } from './owner-rights.js';

/** Removes something from a directory with all that is in it, where it is there. A link is removed, not what it points to. */
export async function removeEntry(directory: Directory, name: Buffer): Promise<void> {
  const entry = await directory.entry(name);
  if (entry === undefined) return;
  if (entry.type !== 'directory') return unlink(directory.at(name));
  await directory.enter(name, (below) =>
    withOwnerRights(below.held, entry, ALL, async () => {
      for (const inside of await below.names()) await removeEntry(below, inside);
    }),
  );
  await rmdir(directory.at(name));
}
