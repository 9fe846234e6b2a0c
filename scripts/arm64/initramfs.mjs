// The root file system of the virtual machine, which lives in its memory: no disk, so no driver and nothing to clean up.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CpioArchive } from '../machine/cpio.mjs';
import { addon, dependencies, inProject } from './project.mjs';

const guest = fileURLToPath(new URL('guest', import.meta.url));

/** Where the libraries of a package are: Debian's releases differ in whether `/lib` is a folder of its own. */
const libraryFolders = ['lib', 'usr/lib'];

export function buildInitramfs(folder, { systemRoot, nodeProgram, addon: addonFolder }) {
  const file = join(folder, 'initramfs');
  const archive = new CpioArchive(file);
  for (const name of ['bin', 'sbin', 'lib']) archive.link(name, `usr/${name}`);
  for (const name of ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'view']) archive.folder(name);
  // What the first process prints goes here.
  archive.characterDevice('dev/console', 5, 1);

  addSystem(archive, systemRoot);
  archive.copy('usr/bin/node', nodeProgram);
  archive.file('init', readFileSync(join(guest, 'init')), 0o755);
  archive.copy('machine', guest);
  for (const name of ['package.json', 'dist', 'prebuilds', ...dependencies()]) {
    archive.copy(join('machine/project', name), inProject(name), (path) => !path.endsWith('/node_modules'));
  }
  archive.copy(join('machine/project/node_modules', addon), addonFolder);
  archive.close();
  return file;
}

/** The loader and the shared libraries, without what they load on demand, and busybox. */
function addSystem(archive, root) {
  const busybox = ['usr/bin/busybox', 'bin/busybox'].map((path) => join(root, path)).find(existsSync);
  archive.copy('usr/bin/busybox', busybox);
  for (const folder of libraryFolders) {
    const source = join(root, folder);
    const isLibrary = (path) => /\/(aarch64-linux-gnu|[^/]+\.so(\.[\d.]+)?)$/.test(path);
    if (existsSync(source)) archive.copy('usr/lib', source, isLibrary);
  }
}
