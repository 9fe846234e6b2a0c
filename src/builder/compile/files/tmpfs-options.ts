import type { TmpfsEntry } from '../../spec/file-entry.js';
import { readSize } from '../../spec/size.js';
import type { Identity } from '../ids.js';

/** The options of a tmpfs: mode and size as tmpfs(5) takes them. */
export function tmpfsOptions({
  size,
  mode = 0o755,
  inodes,
}: Pick<TmpfsEntry, 'size' | 'mode' | 'inodes'>): Record<string, string> {
  return {
    mode: mode.toString(8).padStart(4, '0'),
    ...(size === undefined ? {} : sizeOption(size)),
    ...(inodes === undefined ? {} : { nr_inodes: String(inodes) }),
  };
}

function sizeOption(size: number | string): Record<string, string> {
  const read = readSize(size);
  return 'text' in read ? { size: read.text } : {};
}

/** Who owns what is made for the command, where it runs as somebody else than who makes it. */
export function ownedBy({ uid, gid }: Identity): Record<string, string> {
  return { ...(uid === undefined ? {} : { uid: String(uid) }), ...(gid === undefined ? {} : { gid: String(gid) }) };
}
