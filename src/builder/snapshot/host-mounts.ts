import { readFile, readlink } from 'node:fs/promises';
import type { Directory } from './directory.js';
import { SnapshotError } from './snapshot-error.js';

/**
 * What is mounted below a directory of the host. An overlay shows what is under such mounts, and a walk over the host
 * what is in them: so nothing there can be compared, and nothing may be changed.
 */
export class HostMounts {
  /** Trails from the directory, one byte to a character. */
  readonly #trails: readonly string[];

  constructor(trails: readonly string[]) {
    this.#trails = trails;
  }

  /** Refuses something that is a mount. */
  refuseAt(directory: Directory, name: Buffer): void {
    const trail = directory.trailTo(name).toString('latin1');
    if (this.#trails.includes(trail)) throw mounted(directory, name);
  }

  /** Refuses something that is a mount or has one below. */
  refuseWithin(directory: Directory, name: Buffer): void {
    const trail = directory.trailTo(name).toString('latin1');
    if (this.#trails.some((mount) => `${mount}/`.startsWith(`${trail}/`))) throw mounted(directory, name);
  }
}

function mounted(directory: Directory, name: Buffer): SnapshotError {
  const problem = 'on the host something is mounted there, or below, which the overlay does not show';
  return new SnapshotError(directory.shown(name), problem);
}

/** Asks the kernel. A directory that is not below a mount of this process has none that could be met. */
export async function hostMounts(directory: Directory): Promise<HostMounts> {
  const [information, table, path] = await Promise.all([
    readFile(`/proc/self/fdinfo/${directory.fd}`, 'latin1'),
    readFile('/proc/self/mountinfo', 'latin1'),
    readlink(`/proc/self/fd/${directory.fd}`, 'latin1'),
  ]);
  const own = /^mnt_id:\s*(\d+)$/m.exec(information)?.[1];
  const mounts = table.split('\n').map((line) => line.split(' '));
  if (!mounts.some(([id]) => id === own)) return new HostMounts([]);
  const start = path === '/' ? '/' : `${path}/`;
  const targets = mounts.map(([, , , , target = '']) => unescaped(target));
  return new HostMounts(
    targets.filter((target) => target.startsWith(start) && target !== '/').map((target) => target.slice(start.length)),
  );
}

/** The kernel writes a space as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
