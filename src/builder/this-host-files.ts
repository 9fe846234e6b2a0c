import { fstatSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import type { MountAttributes } from '../ns/index.js';
import { denied, type HostDescriptor, type HostFile, type HostFiles, type HostMount } from './spec/host-files.js';

/** The files of the host that this program runs on, as they are when they are asked for. */
export const thisHostFiles: HostFiles = {
  at(path) {
    try {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      const type = typeOf(stats);
      if (type === 'symlink') return { type, link: readlinkSync(path) };
      const { mode, uid, gid } = stats;
      return type === 'directory' ? { type, access: { mode: mode & 0o7777, uid, gid } } : { type };
    } catch (error) {
      if (isDenied(error)) return denied;
      if (isMissing(error)) return undefined;
      throw error;
    }
  },

  list(path) {
    try {
      return readdirSync(path).sort();
    } catch (error) {
      // It was there when it was looked at.
      if (isDenied(error) || isMissing(error)) return denied;
      throw error;
    }
  },

  mounts() {
    return uncovered(readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean).map(readMount));
  },

  descriptor(fd) {
    try {
      const stats = fstatSync(fd, { bigint: true });
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      if (!path.startsWith('/')) return undefined;
      return { path, type: typeOf(stats), device: deviceOf(stats.dev), inode: String(stats.ino) };
    } catch {
      return undefined;
    }
  },
};

function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** A link that was taken away between two calls, a name that no file system has. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '');
}

type Kinds = Pick<
  Stats,
  'isDirectory' | 'isFile' | 'isSymbolicLink' | 'isCharacterDevice' | 'isBlockDevice' | 'isFIFO'
>;

function typeOf(stats: Kinds): HostFile['type'] {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : 'socket';
}

/** As gnu_dev_major(3) and gnu_dev_minor(3) have it. */
function deviceOf(number: bigint): HostDescriptor['device'] {
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n);
  const minor = (number & 0xffn) | ((number >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

const attributes: Readonly<Record<string, keyof MountAttributes>> = {
  ro: 'readOnly',
  nosuid: 'nosuid',
  nodev: 'nodev',
  noexec: 'noexec',
  noatime: 'noatime',
};

interface ReadMount extends HostMount {
  readonly id: string;
  readonly parent: string;
}

/** A mount that came later covers what is below its place, but for what is mounted on itself. */
function uncovered(mounts: readonly ReadMount[]): HostMount[] {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const isOn = (mount: ReadMount | undefined, below: ReadMount): boolean =>
    mount !== undefined && (mount === below || (mount.parent !== mount.id && isOn(byId.get(mount.parent), below)));
  const covers = (later: ReadMount, { path }: ReadMount) =>
    path === later.path || path.startsWith(later.path === '/' ? '/' : `${later.path}/`);
  return mounts
    .filter((mount, i) => !mounts.slice(i + 1).some((later) => covers(later, mount) && !isOn(mount, later)))
    .map(({ path, type, attributes }) => ({ path, type, attributes }));
}

/**
 * A line of /proc/PID/mountinfo: its id and that of what it is on, in the fifth field where, in the sixth what it does not allow, and after a dash the
 * kind of its file system.
 */
function readMount(line: string): ReadMount {
  const [id = '', parent = '', , , path = '', options = ''] = line.split(' ');
  const set = options.split(',').flatMap((option) => {
    const name = attributes[option];
    return name === undefined ? [] : [[name, true]];
  });
  const unescaped = path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return {
    id,
    parent,
    path: Buffer.from(unescaped, 'latin1').toString('utf8'),
    type: / - (\S+) /.exec(line)?.[1],
    attributes: Object.fromEntries(set),
  };
}
