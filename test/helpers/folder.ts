// Directories for one test file, and what is in them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'uvu';

/** Makes a directory that is removed after the tests; the function makes another one in it, with these files. */
export function foldersFor(test: Test): (files?: Readonly<Record<string, string>>) => string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'isolate-files-'));
  // Other users may look, where a test makes programs run as them.
  chmodSync(folder, 0o755);
  // Directories may be closed by then.
  test.after(() => {
    execFileSync('sh', ['-c', 'chmod -R u+rwX "$1"; rm -rf "$1"', 'sh', folder], { stdio: 'pipe' });
  });
  return (files = {}) => {
    const made = mkdtempSync(join(folder, 'f-'));
    chmodSync(made, 0o755);
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(made, name)), { recursive: true });
      if (name.endsWith('/')) mkdirSync(join(made, name), { recursive: true });
      else writeFileSync(join(made, name), contents);
    }
    return made;
  };
}

/** All that can be seen of a directory and of what is in it: names, types, modes, owners, times, contents. */
export function stateOf(directory: string): string[] {
  const names = ['', ...(readdirSync(directory, { recursive: true }) as string[]).sort()];
  return names.map((name) => {
    const path = join(directory, name);
    const stats = lstatSync(path, { bigint: true });
    const contents = stats.isFile()
      ? createHash('sha1').update(readFileSync(path)).digest('hex')
      : stats.isSymbolicLink()
        ? readlinkSync(path)
        : '';
    return [name, stats.mode.toString(8), stats.uid, stats.gid, stats.mtimeNs, stats.ctimeNs, contents].join(' ');
  });
}

/** Files and their contents, below a directory. */
export function contentsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]));
}
