import { statSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { AT, utimensat } from '../../sys/index.js';
import { type Entry, entryOf } from './entry.js';

/**
 * Gives a file the owner, the times and the permissions of another.
 *
 * @param held - the file, as {@link Directory.hold} gives it.
 */
export async function setMetadata(held: string, wanted: Entry): Promise<void> {
  const present = entryOf(statSync(held, { bigint: true }));
  const { uid, gid, type, mode, readAt, writtenAt } = wanted;
  if (present.uid !== uid || present.gid !== gid) await chown(held, uid, gid);
  utimensat(AT.FDCWD, held, [timeOf(readAt), timeOf(writtenAt)], 0);
  // After the owner: the kernel takes the set-id bits away when that changes. Links have no permissions.
  if (type !== 'symlink') await chmod(held, mode);
}

function timeOf(nanoseconds: bigint): { tv_sec: number; tv_nsec: number } {
  const part = BigInt.asUintN(64, ((nanoseconds % second) + second) % second);
  return { tv_sec: Number((nanoseconds - part) / second), tv_nsec: Number(part) };
}

const second = 1_000_000_000n;
