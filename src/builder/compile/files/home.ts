import type { Assembly } from './assembly.js';
import type { FilesContext } from './context.js';
import { mountNew } from './fresh.js';
import { ownedBy } from './tmpfs-options.js';
import { isBelow, walk } from './walk.js';

/** Directories that a system user has for a home, and that a command needs: they are nobody's own. */
const ofSystem = ['/', '/bin', '/boot', '/dev', '/etc', '/proc', '/run', '/sbin', '/sys', '/tmp', '/usr', '/var'];
const isOfSystem = (path: string): boolean =>
  ofSystem.includes(path) || /^\/lib[^/]*$|^\/usr\/(s?bin|lib[^/]*|local)$/.test(path);

/**
 * An empty file system wherever the caller is at home, made where an earlier entry has hidden it. Where that is nowhere, there is
 * nothing to hide.
 */
export function planHome(assembly: Assembly, { identity, spec }: FilesContext): void {
  // What is not the host's own tree has no home of the caller.
  if (spec.root !== undefined && spec.root.type !== 'host') return;
  const { homes, files } = assembly.host;
  const there = homes.flatMap((home) => {
    const walked = walk(files.at, home, { followLast: true });
    return typeof walked === 'object' && walked.file?.type === 'directory' && !isOfSystem(walked.path)
      ? [walked.path]
      : [];
  });
  // One above another hides it.
  for (const home of [...new Set(there)].sort((one, other) => one.length - other.length)) {
    const tmpfs = {
      type: 'tmpfs',
      options: { mode: '0700', size: '25%', ...ownedBy(identity) },
      attributes: { nosuid: true, nodev: true },
    };
    mountNew(assembly, home, tmpfs, { kind: 'ours' }, 'a home of its own, empty: nothing of that on the host is seen');
  }
}

/** Directories where a command would find what belongs to the system, or talk to it. */
const neverShown = ['/run', '/dev', '/proc', '/sys'];

/** The caller's working directory without writing, if it is hidden by now: a command that is started somewhere works there. */
export function planWorkingDirectory(assembly: Assembly, { spec }: FilesContext): void {
  const { cwd, files } = assembly.host;
  if (spec.root !== undefined && spec.root.type !== 'host') return;
  if (cwd === undefined || neverShown.some((path) => cwd === path || isBelow(cwd, path))) return;
  const seen = walk(assembly.view.at, cwd, { followLast: true });
  if (typeof seen === 'string' || seen.file !== undefined) return;
  const there = walk(files.at, cwd, { followLast: true });
  if (typeof there === 'string' || there.file?.type !== 'directory') return;
  const place = assembly.place(cwd, 'directory');
  const attributes = { readOnly: true, nosuid: true, nodev: true };
  const source = { from: 'host', path: cwd } as const;
  const why = 'the working directory of the caller, which would be hidden';
  const fd = assembly.calls.bind(assembly, { source, place, attributes, recursive: true, why });
  assembly.mounted(place, { kind: 'host', source: cwd, attributes }, fd);
}
