import { posix } from 'node:path';
import type { HostFile } from '../../spec/host-files.js';

/** What a path leads to; `missing` are the names from the first one on that is not there. */
export interface Walked {
  /** The path without symbolic links before its end, as far as it is there. */
  readonly path: string;
  readonly file: HostFile | undefined;
  readonly missing: readonly string[];
}

/** Why a path leads nowhere. */
export type DeadEnd = 'denied' | 'loop' | 'not a directory';

/** As the kernel has it: ELOOP. */
const mostLinks = 40;

/** Follows a path below a root, from which no `..` and no link leads out, as openat2(2) does with RESOLVE_IN_ROOT. */
export function walk(
  at: (path: string) => HostFile | 'denied' | undefined,
  target: string,
  { followLast }: { readonly followLast: boolean },
): Walked | DeadEnd {
  let names = target.split('/').filter((name) => name !== '' && name !== '.');
  let path = '/';
  let file: HostFile | undefined = { type: 'directory' };
  let links = 0;
  while (names.length > 0) {
    const [name, ...rest] = names as [string, ...string[]];
    if (name === '..') {
      path = posix.dirname(path);
      file = { type: 'directory' };
      names = rest;
      continue;
    }
    if (file.type !== 'directory') return 'not a directory';
    const next = path === '/' ? `/${name}` : `${path}/${name}`;
    const found = at(next);
    if (found === 'denied') return 'denied';
    if (found === undefined) return { path, file: undefined, missing: names };
    if (found.type === 'symlink' && (rest.length > 0 || followLast)) {
      if (++links > mostLinks) return 'loop';
      const link = found.link ?? '';
      if (link.startsWith('/')) path = '/';
      names = [...link.split('/').filter((part) => part !== '' && part !== '.'), ...rest];
      file = { type: 'directory' };
      continue;
    }
    [path, file, names] = [next, found, rest];
  }
  return { path, file, missing: [] };
}

/** A path below another one; the root is below nothing. */
export function isBelow(path: string, above: string): boolean {
  return path !== above && path.startsWith(above === '/' ? '/' : `${above}/`);
}

/** A name in a directory. */
export function inside(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
