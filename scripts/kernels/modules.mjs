// Modules of a kernel, taken out of its package in the order in which they can be loaded: there is nothing in the machine that
// would know what a module depends on.
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { output } from '../machine/command.mjs';

/** Copies the modules of these names, and those they depend on, from below `from` into a folder. What is built in is left out. */
export async function copyModules(from, names, folder, { busybox, signal }) {
  mkdirSync(folder);
  const files = await moduleFiles(from, busybox, signal);
  const ordered = [];
  const visit = (name) => {
    const file = files.get(name);
    if (file === undefined || ordered.includes(file)) return;
    for (const needed of dependencies(file)) visit(needed);
    ordered.push(file);
  };
  names.forEach(visit);
  for (const [index, file] of ordered.entries()) {
    copyFileSync(file, join(folder, `${String(index).padStart(2, '0')}-${basename(file)}`));
  }
}

/** The file of each module below a folder by its name, in which `-` and `_` are the same. */
async function moduleFiles(from, busybox, signal) {
  const files = readdirSync(from, { recursive: true }).filter((path) => /\.ko(\.xz)?$/.test(path));
  const compressed = files.filter((path) => path.endsWith('.xz')).map((path) => join(from, path));
  if (compressed.length > 0) await output(busybox, ['unxz', ...compressed], { signal });
  return new Map(
    files.map((path) => {
      const file = join(from, path.replace(/\.xz$/, ''));
      return [basename(file, '.ko').replaceAll('-', '_'), file];
    }),
  );
}

/** A module says in its section `.modinfo` what it depends on. */
function dependencies(file) {
  const [, names] = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1')) ?? [];
  return (names ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('-', '_'));
}
