import { mkdir } from 'node:fs/promises';
import { type ApplyOptions, allowed } from './apply-options.js';
import { setAttributes } from './attributes.js';
import { checkApplicable } from './check-applicable.js';
import { compareTrees, type Difference } from './compare.js';
import { type Directory, withTree } from './directory.js';
import { type Entry, samePermissions } from './entry.js';
import { setMetadata } from './metadata.js';
import { ALL, READ_AND_ENTER, READ_AND_WRITE, withOwnerRights } from './owner-rights.js';
import { putEntry } from './put-entry.js';
import type { Layers } from './read-changes.js';
import { removeEntry } from './remove-entry.js';
import { named } from './snapshot-error.js';

/**
 * Makes a directory of the host what an overlay above it showed: all that {@link readChanges} tells.
 *
 * A new or changed file is complete before it takes the place of the old one. Permissions are applied as they are, but
 * for the set-user-ID and set-group-ID bits of files, which need {@link ApplyOptions.setId}; so are the owner, the times
 * and the `user.` attributes. All other attributes of a file that is replaced are lost: its access control list, its file
 * capabilities, whatever else is `security.`; and the new one gets none of those that the command may have given it. A
 * file with several names becomes as many files. Holes stay holes. No link is followed, neither the command's nor the
 * host's: nothing is written outside of `lower`, whatever the command made and whatever happens on the host meanwhile.
 *
 * @throws SnapshotError before anything is changed: as {@link readChanges}; for a device or a socket, which are not
 * made; for a file of 8 PiB or more; or for files of others, where the caller is not root. Later: what the kernel
 * refuses, as EFBIG for a file that is too big for the file system; and what was to be deleted, but is directories more
 * than {@link mostLevels} deep in each other. What was applied by then stays.
 */
export async function applyChanges({ upper, lower }: Layers, options: ApplyOptions = {}): Promise<void> {
  await withTree(upper, lower, (upperTop) =>
    withTree(lower, lower, async (lowerTop) => {
      const differences = await compareTrees(upperTop, lowerTop, options.signal);
      checkApplicable(differences, lower === '/' ? '' : lower);
      if (differences.length === 0) return;
      await withOwnerRights(lowerTop.held, lowerTop.self(), ALL, () =>
        applyBelow(differences, upperTop, lowerTop, options),
      );
    }),
  );
}

/** Refuses what {@link applyChanges} would refuse before it changes anything. */
export async function checkChanges({ upper, lower }: Layers, { signal }: ApplyOptions = {}): Promise<void> {
  await withTree(upper, lower, (upperTop) =>
    withTree(lower, lower, async (lowerTop) => {
      checkApplicable(await compareTrees(upperTop, lowerTop, signal), lower === '/' ? '' : lower);
    }),
  );
}

async function applyBelow(
  differences: readonly Difference[],
  upper: Directory,
  lower: Directory,
  options: ApplyOptions,
): Promise<void> {
  for (const difference of differences) {
    options.signal?.throwIfAborted();
    await named(lower.shown(difference.name), 'applying the change', () => applyOne(difference, upper, lower, options));
  }
}

function applyOne(difference: Difference, upper: Directory, lower: Directory, options: ApplyOptions): Promise<void> {
  const { upper: wanted, name } = difference;
  if (wanted === undefined) return removeEntry(lower, name);
  if (wanted.type === 'directory') return applyDirectory(difference, wanted, upper, lower, options);
  if (difference.metadataOnly) return applyMetadata(difference, wanted, lower, options);
  return putEntry(difference, wanted, upper, lower, options);
}

/** What the directory itself is comes last: what is put into it changes its times, and it may be closed to writing. */
async function applyDirectory(
  { name, attributes, below }: Difference,
  wanted: Entry,
  upper: Directory,
  lower: Directory,
  options: ApplyOptions,
): Promise<void> {
  const present = await lower.entry(name);
  if (present !== undefined && present.type !== 'directory') await removeEntry(lower, name);
  if (present?.type !== 'directory') await mkdir(lower.at(name), ALL);
  await lower.enter(name, async (directory) => {
    await withOwnerRights(directory.held, directory.self(), ALL, async () => {
      await upper.enter(name, (source) =>
        withOwnerRights(source.held, wanted, READ_AND_ENTER, () => applyBelow(below, source, directory, options)),
      );
      if (attributes !== undefined) setAttributes(directory.path, attributes);
    });
    await setMetadata(directory.held, wanted);
  });
}

/** Set-id bits that the host's file has already, with the same owner and permissions, are no gift of the command's. */
async function applyMetadata(
  { name, attributes }: Difference,
  wanted: Entry,
  lower: Directory,
  options: ApplyOptions,
): Promise<void> {
  await lower.hold(name, wanted.type, async (held, present) => {
    if (attributes !== undefined) {
      await withOwnerRights(held, present, READ_AND_WRITE, async () => setAttributes(lower.at(name), attributes));
    }
    await setMetadata(held, samePermissions(present, wanted) ? wanted : allowed(wanted, options));
  });
}
