import { fstatSync, statfsSync } from 'node:fs';
import {
  AT,
  close,
  IsolateError,
  MNT,
  MS,
  mount,
  O,
  openat,
  SyscallError,
  UMOUNT,
  umount2,
  unlinkat,
} from '../sys/index.js';
import { namespaces } from './all.js';
import type { NamespaceKind } from './namespace.js';

/**
 * Gives a namespace of a process a path: `mount("/proc/PID/ns/KIND", path, NULL, MS_BIND, NULL)`. The namespace stays as long as
 * the path does, also without a process, and is joined by it. The file is made if it is not there.
 *
 * Equivalent to: `unshare --KIND=PATH`; below `/run/netns`, where ip-netns(8) looks, to `ip netns attach NAME PID`. See
 * namespaces(7).
 *
 * @param kind - which namespace of the process.
 * @param path - where it is pinned: nothing is there, or an empty file. A link at its end is not followed.
 * @param pid - whose it is, or `'self'`.
 * @throws IsolateError ERR_ISOLATE_PIN: something else is at the path, as another namespace. SyscallError EPERM: without
 * CAP_SYS_ADMIN over the mounts of this program. ENOENT: no such process, or no directory for the path. EINVAL: a mount namespace is
 * not pinned where mounts propagate to others. ELOOP: a symbolic link is at the path.
 */
export function pin(kind: NamespaceKind, path: string, pid: number | 'self' = 'self'): void {
  const isMade = makeFile(path);
  try {
    mount(`/proc/${pid}/ns/${namespaces[kind].file}`, path, null, MS.BIND, null);
  } catch (error) {
    if (isMade) unlinkat(AT.FDCWD, path, 0);
    throw error;
  }
}

/** Makes an empty file; false where one was there. */
function makeFile(path: string): boolean {
  const flags = O.RDONLY | O.CLOEXEC | O.NOFOLLOW | O.NONBLOCK;
  try {
    close(openat(AT.FDCWD, path, flags | O.CREAT | O.EXCL, 0o444));
    return true;
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === 'EEXIST')) throw error;
    const file = openat(AT.FDCWD, path, flags, 0);
    const stats = fstatSync(file);
    close(file);
    if (stats.isFile() && stats.size === 0 && !isPinned(path)) return false;
    throw new IsolateError(
      'ERR_ISOLATE_PIN',
      isPinned(path) ? `a namespace is pinned at ${path} already` : `${path} is no empty file: it would be covered`,
    );
  }
}

/** What statfs(2) tells of a file by which a namespace is known: `NSFS_MAGIC`. */
const namespaceFile = 0x6e_73_66_73;

function isPinned(path: string): boolean {
  return statfsSync(path).type === namespaceFile;
}

/**
 * Takes the path of a namespace away: `umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW)`, and removes the file. The namespace ends when
 * nobody else is in it or holds it.
 *
 * Equivalent to: `umount PATH; rm PATH`; `ip netns delete NAME`. See namespaces(7).
 *
 * @param path - where it is pinned, by {@link pin} or by another program.
 * @throws IsolateError ERR_ISOLATE_PIN: no namespace is pinned there. Error ENOENT: nothing is there. SyscallError EINVAL: it is a
 * symbolic link. EPERM: without CAP_SYS_ADMIN over the mounts.
 */
export function unpin(path: string): void {
  if (!isPinned(path)) throw new IsolateError('ERR_ISOLATE_PIN', `no namespace is pinned at ${path}`);
  umount2(path, MNT.DETACH | UMOUNT.NOFOLLOW);
  unlinkat(AT.FDCWD, path, 0);
}
