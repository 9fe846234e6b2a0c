import { readlink } from 'node:fs/promises';
import { type Attributes, readAttributes, sameAttributes } from './attributes.js';
import type { Change } from './change.js';
import type { Directory } from './directory.js';
import { type Entry, isWhiteoutDevice, samePermissions } from './entry.js';
import { sameContents, withContents } from './file-contents.js';
import { type HostMounts, hostMounts } from './host-mounts.js';
import { READ, READ_AND_ENTER, withOwnerRights } from './owner-rights.js';
import { named, SnapshotError } from './snapshot-error.js';

/** Where the two layers of an overlay differ: one name, and what is below it. */
export interface Difference {
  readonly name: Buffer;
  /** Undefined where only something below differs. */
  readonly kind: Change['kind'] | undefined;
  readonly metadataOnly?: true;
  readonly opaque?: true;
  /** What the overlay shows; undefined for nothing. */
  readonly upper: Entry | undefined;
  /** Of a file or directory that the overlay shows. */
  readonly attributes?: Attributes;
  /** What the host has; undefined for nothing. */
  readonly lower: Entry | undefined;
  /** In the order of their names. */
  readonly below: readonly Difference[];
}

/** What is known of a directory while what is in it is compared. */
interface Pair {
  readonly upper: Directory;
  /** Undefined where the host has no directory there. */
  readonly lower: Directory | undefined;
  /** Nothing of the lower directory shows through. */
  readonly opaque: boolean;
  /** An empty file may be a whiteout. */
  readonly whiteoutFiles: boolean;
  readonly mounts: HostMounts;
  readonly signal: AbortSignal | undefined;
}

/** Compares what is in two directories, from their tops on. What the tops themselves are is not looked at. */
export async function compareTrees(
  upper: Directory,
  lower: Directory,
  signal: AbortSignal | undefined,
): Promise<Difference[]> {
  const { marks } = readAttributes(upper.path);
  return compareContents({
    upper,
    lower,
    opaque: marks.opaque === 'y',
    whiteoutFiles: marks.opaque === 'x',
    mounts: await hostMounts(lower),
    signal,
  });
}

async function compareContents(pair: Pair): Promise<Difference[]> {
  const { upper, lower } = pair;
  const names = await upper.names();
  const differences: Difference[] = [];
  for (const name of names) {
    pair.signal?.throwIfAborted();
    const difference = await named(upper.shown(name), 'reading it', () => compareEntry(pair, name));
    if (difference !== undefined) differences.push(difference);
  }
  if (!pair.opaque || lower === undefined) return differences;
  const shown = new Set(names.map((name) => name.toString('latin1')));
  for (const name of await lower.names()) {
    if (shown.has(name.toString('latin1'))) continue;
    const difference = deleted(pair, name, await lowerEntry(pair, name));
    if (difference !== undefined) differences.push(difference);
  }
  return differences.sort((one, other) => Buffer.compare(one.name, other.name));
}

/** A whiteout of the host's own hides nothing that was there. */
async function lowerEntry({ lower }: Pair, name: Buffer): Promise<Entry | undefined> {
  const entry = await lower?.entry(name);
  return entry === undefined || isWhiteoutDevice(entry) ? undefined : entry;
}

function deleted({ upper, mounts }: Pair, name: Buffer, lower: Entry | undefined): Difference | undefined {
  if (lower === undefined) return undefined;
  mounts.refuseWithin(upper, name);
  return { name, kind: 'deleted', upper: undefined, lower, below: [] };
}

async function compareEntry(pair: Pair, name: Buffer): Promise<Difference | undefined> {
  const upper = await pair.upper.entry(name);
  if (upper === undefined) return undefined;
  const lower = await lowerEntry(pair, name);
  if (isWhiteoutDevice(upper)) return deleted(pair, name, lower);
  if (upper.type === 'directory') return compareDirectory(pair, name, upper, lower);
  if (lower !== undefined) pair.mounts.refuseWithin(pair.upper, name);
  if (upper.type === 'file') return compareFile(pair, name, upper, lower);
  const common = { name, upper, lower, below: [] };
  if (lower === undefined) return { ...common, kind: 'added' };
  if (lower.type !== upper.type || !(await sameSpecial(pair, name, upper, lower)))
    return { ...common, kind: 'modified' };
  const same = samePermissions(upper, lower) && upper.writtenAt === lower.writtenAt;
  return same ? undefined : { ...common, kind: 'modified', metadataOnly: true };
}

async function compareDirectory(
  pair: Pair,
  name: Buffer,
  upper: Entry,
  lower: Entry | undefined,
): Promise<Difference | undefined> {
  const isInBoth = lower?.type === 'directory';
  if (isInBoth) pair.mounts.refuseAt(pair.upper, name);
  else if (lower !== undefined) pair.mounts.refuseWithin(pair.upper, name);

  const compare = async (upperBelow: Directory, lowerBelow: Directory | undefined): Promise<Difference | undefined> => {
    const attributes = readAttributes(upperBelow.path);
    const { marks } = attributes;
    if (marks.redirect)
      refuse(pair, name, 'it is a directory that was renamed, of which overlayfs only noted the old name');
    const below = await compareContents({
      upper: upperBelow,
      lower: lowerBelow,
      opaque: pair.opaque || marks.opaque === 'y',
      whiteoutFiles: marks.opaque === 'x',
      mounts: pair.mounts,
      signal: pair.signal,
    });
    const common = { name, upper, lower, attributes, below };
    if (lower === undefined) return { ...common, kind: 'added' };
    if (lowerBelow === undefined) return { ...common, kind: 'modified' };
    if (marks.opaque === 'y' && !pair.opaque) return { ...common, kind: 'modified', opaque: true };
    if (!samePermissions(upper, lower) || !sameAttributes(attributes, readAttributes(lowerBelow.path))) {
      return { ...common, kind: 'modified', metadataOnly: true };
    }
    return below.length === 0 ? undefined : { ...common, kind: undefined };
  };

  return pair.upper.enter(name, (upperBelow) =>
    withOwnerRights(upperBelow.held, upper, READ_AND_ENTER, () =>
      isInBoth && pair.lower !== undefined
        ? pair.lower.enter(name, (lowerBelow) => compare(upperBelow, lowerBelow))
        : compare(upperBelow, undefined),
    ),
  );
}

async function compareFile(
  pair: Pair,
  name: Buffer,
  upper: Entry,
  lower: Entry | undefined,
): Promise<Difference | undefined> {
  return pair.upper.hold(name, 'file', (held) =>
    withOwnerRights(held, upper, READ, async () => {
      const attributes = readAttributes(pair.upper.at(name));
      const { marks } = attributes;
      if (marks.whiteout && pair.whiteoutFiles && upper.size === 0n) return deleted(pair, name, lower);
      if (marks.metacopy || marks.redirect)
        refuse(pair, name, 'overlayfs keeps no contents of it, only what else it is');
      const common = { name, upper, lower, attributes, below: [] };
      if (lower === undefined) return { ...common, kind: 'added' };
      const old = lower.type === 'file' ? await sameFile(pair, name, held, upper, lower) : undefined;
      if (old === undefined) return { ...common, kind: 'modified' };
      const same =
        samePermissions(upper, lower) && upper.writtenAt === lower.writtenAt && sameAttributes(attributes, old);
      return same ? undefined : { ...common, kind: 'modified', metadataOnly: true };
    }),
  );
}

/**
 * The attributes of the host's file if it has the same bytes; undefined if not, and where the caller may not read it, as
 * the command may that is root in the user namespace of the overlay.
 */
async function sameFile(
  { lower: directory, signal }: Pair,
  name: Buffer,
  held: string,
  upper: Entry,
  lower: Entry,
): Promise<Attributes | undefined> {
  if (directory === undefined || upper.size !== lower.size) return undefined;
  return withContents(held, (file) =>
    unlessDenied(() =>
      directory.hold(name, 'file', (heldBelow) =>
        withContents(heldBelow, async (other) =>
          (await sameContents(file, other, Number(upper.size), signal))
            ? readAttributes(directory.at(name))
            : undefined,
        ),
      ),
    ),
  );
}

async function unlessDenied<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** Whether a link, a FIFO, a socket or a device is the same as the host's of that type. */
async function sameSpecial({ upper, lower }: Pair, name: Buffer, one: Entry, other: Entry): Promise<boolean> {
  if (one.type !== 'symlink' || lower === undefined) return one.device === other.device;
  const [target, old] = await Promise.all([upper, lower].map((directory) => targetOf(directory, name)));
  return target?.equals(old as Buffer) ?? false;
}

function targetOf(directory: Directory, name: Buffer): Promise<Buffer> {
  return readlink(directory.at(name), 'buffer');
}

function refuse({ upper }: Pair, name: Buffer, problem: string): never {
  throw new SnapshotError(upper.shown(name), `${problem}: mount the overlay without redirect_dir and metacopy`);
}
