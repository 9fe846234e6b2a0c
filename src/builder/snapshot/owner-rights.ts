import { chmod } from 'node:fs/promises';
import type { Entry } from './entry.js';

/** What an owner may do: bits of a mode. */
export const READ = 0o400;
export const READ_AND_ENTER = 0o500;
export const READ_AND_WRITE = 0o600;
export const ALL = 0o700;

/**
 * Takes rights that the owner of a file has taken from itself, for as long as `use` runs. The mode is what it was
 * afterwards. The files of others stay as they are: what follows fails by itself where it may not be done.
 *
 * @param held - the file, as {@link Directory.hold} gives it.
 */
export async function withOwnerRights<T>(
  held: string,
  { uid, mode }: Entry,
  rights: number,
  use: () => Promise<T>,
): Promise<T> {
  if (uid !== process.geteuid?.() || (mode & rights) === rights) return use();
  await chmod(held, mode | rights);
  try {
    return await use();
  } finally {
    await chmod(held, mode);
  }
}
