import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readlink, rename, symlink } from 'node:fs/promises';
import { AT, mknodat, O, S_IF } from '../../sys/index.js';
import { type ApplyOptions, allowed } from './apply-options.js';
import { setAttributes } from './attributes.js';
import type { Difference } from './compare.js';
import type { Directory } from './directory.js';
import type { Entry } from './entry.js';
import { copyContents, withContents } from './file-contents.js';
import { setMetadata } from './metadata.js';
import { READ, READ_AND_WRITE, withOwnerRights } from './owner-rights.js';
import { removeEntry } from './remove-entry.js';

/** Makes a file, a link or a FIFO under another name first, and then puts it in the place of what is there. */
export async function putEntry(
  { name, attributes }: Difference,
  wanted: Entry,
  upper: Directory,
  lower: Directory,
  options: ApplyOptions,
): Promise<void> {
  const temporary = Buffer.from(`.isolate-${randomUUID()}`);
  try {
    await makeEntry(name, temporary, wanted, upper, lower, options);
    await lower.hold(temporary, wanted.type, async (held) => {
      if (attributes !== undefined) setAttributes(lower.at(temporary), attributes);
      await setMetadata(held, allowed(wanted, options));
    });
    // A directory has to go first: nothing else can take its place.
    if ((await lower.entry(name))?.type === 'directory') await removeEntry(lower, name);
    await rename(lower.at(temporary), lower.at(name));
  } catch (error) {
    await removeEntry(lower, temporary);
    throw error;
  }
}

async function makeEntry(
  name: Buffer,
  temporary: Buffer,
  wanted: Entry,
  upper: Directory,
  lower: Directory,
  { signal }: ApplyOptions,
): Promise<void> {
  const path = lower.at(temporary);
  if (wanted.type === 'symlink') return symlink(await readlink(upper.at(name), 'buffer'), path);
  if (wanted.type === 'fifo') return mknodat(AT.FDCWD, path.toString(), S_IF.IFO | READ_AND_WRITE, 0);
  await upper.hold(name, 'file', (held) =>
    withOwnerRights(held, wanted, READ, () =>
      withContents(held, (from) => withNewFile(path, (to) => copyContents(from, to, Number(wanted.size), signal))),
    ),
  );
}

async function withNewFile(path: Buffer, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, O.WRONLY | O.CREAT | O.EXCL, READ_AND_WRITE);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
