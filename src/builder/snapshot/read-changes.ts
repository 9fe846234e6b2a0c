import type { Change } from './change.js';
import { compareTrees, type Difference } from './compare.js';
import { withTree } from './directory.js';
import type { Entry } from './entry.js';

export interface Layers {
  /** Where overlayfs keeps what was changed: its upper directory. */
  readonly upper: string;
  /** The directory of the host below the overlay. */
  readonly lower: string;
}

/**
 * Tells what was changed in an overlay: a directory before what is in it, and the names in a directory in the order of
 * their bytes.
 *
 * What overlayfs only copied is no change: a file whose bytes, permissions, owner, time of the last write and `user.`
 * attributes are those of the host's, and a directory with those, whatever its times. A rename is something deleted and
 * something added, as the kernel notes it. What the top directory itself is (its permissions, its owner) is not told,
 * since whoever mounts the overlay makes it. A file with several names is as many files. Attributes beyond `user.`, as
 * those of access control lists and of file capabilities, are not looked at.
 *
 * Nothing on the host is changed. Below `upper`, what its owner may not read is opened to the owner as long as it takes.
 * The command should have ended: of what it changes meanwhile, the old or the new is told. Two descriptors are open for
 * each directory on the way down.
 *
 * @param layers - `target` is where the overlay is for the command, by which the changes are called.
 * @param signal - ends it before the next file, with its reason as the error.
 * @throws SnapshotError something cannot be read; the overlay was mounted with redirect_dir or metacopy, whose notes
 * mean what only the kernel knows; on the host something is mounted where something was changed; or directories are
 * more than {@link mostLevels} deep in each other.
 */
export async function readChanges(
  { upper, lower, target }: Layers & { readonly target: string },
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Change[]> {
  const differences = await withTree(upper, target, (upperTop) =>
    withTree(lower, target, (lowerTop) => compareTrees(upperTop, lowerTop, signal)),
  );
  return [...changesIn(differences, target === '/' ? '' : target)];
}

function* changesIn(differences: readonly Difference[], above: string): Generator<Change> {
  for (const { name, kind, metadataOnly, opaque, upper, lower, below } of differences) {
    const path = `${above}/${name.toString()}`;
    const { type, mode, uid, gid } = (upper ?? lower) as Entry;
    if (kind !== undefined) {
      const permissions = { ...(type !== 'symlink' && { mode }), uid, gid };
      yield { path, kind, type, ...permissions, ...(metadataOnly && { metadataOnly }), ...(opaque && { opaque }) };
    }
    yield* changesIn(below, path);
  }
}
