import { posix } from 'node:path';
import type { DirEntry, FileEntry, SymlinkEntry } from '../../spec/file-entry.js';
import type { Assembly } from './assembly.js';
import { writeNewFile } from './staging.js';

/** A directory that is there. */
export function planDir(assembly: Assembly, { target, mode }: DirEntry): void {
  const walked = assembly.walk(target);
  if (walked.file === undefined) assembly.make(walked, { type: 'directory' }, mode);
  else if (walked.file.type !== 'directory') {
    throw assembly.refuse(`${JSON.stringify(target)} is there already, and no directory`);
  }
}

const fileMode = 0o644;

/** A file with contents of its own: made where all is ours, and mounted on what is there otherwise. */
export function planFile(assembly: Assembly, { target, contents, encoding, mode = fileMode }: FileEntry): void {
  const bytes = Buffer.from(contents, encoding ?? 'utf8');
  const walked = assembly.walk(target);
  const { missing } = walked;
  if (walked.file === undefined) {
    const parent =
      missing.length === 1
        ? assembly.roomIn(walked)
        : assembly.make({ ...walked, missing: missing.slice(0, -1) }, { type: 'directory' });
    const name = missing.at(-1) as string;
    assembly.emit(...writeNewFile(assembly.directory(parent), name, bytes, mode));
    assembly.view.make(posix.join(parent, name), { type: 'file' });
    return;
  }
  const place = assembly.place(target, 'file');
  const staged = assembly.staging.file(bytes, mode);
  assembly.emit(...staged.steps);
  const fd = assembly.calls.bind(assembly, {
    source: { from: 'staging', name: staged.name },
    place,
    attributes: {},
    recursive: false,
    why: `what ${target} has to contain`,
  });
  assembly.mounted(place, { kind: 'ours', attributes: {} }, fd);
}

/** A symbolic link. It is not followed while the view is made. */
export function planSymlink(assembly: Assembly, { target, to }: SymlinkEntry): void {
  const walked = assembly.walk(target);
  if (walked.file?.type === 'symlink' && walked.file.link === to) return;
  if (walked.file !== undefined) throw assembly.refuse(`${JSON.stringify(target)} is there already`);
  assembly.make(walked, { type: 'symlink', link: to });
}
