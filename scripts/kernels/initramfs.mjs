// The first root file system of a machine: the modules it needs to show the host's files, the commands to do so, and what
// this run is to be.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CpioArchive } from '../machine/cpio.mjs';
import { quoted } from './shell.mjs';

const guest = fileURLToPath(new URL('guest', import.meta.url));

/** Writes the archive. `settings` become variables of the guest's scripts, `command` is a script of its own. */
export function writeInitramfs(file, { busybox, modules, settings, command }) {
  const archive = new CpioArchive(file);
  for (const name of ['dev', 'host', 'memory', 'new', 'proc', 'project', 'sys']) archive.folder(name);
  // What the first process prints goes here.
  archive.characterDevice('dev/console', 5, 1);
  archive.file('init', readFileSync(join(guest, 'init')), 0o755);
  for (const name of readdirSync(guest)) archive.file(join('guest', name), readFileSync(join(guest, name)));
  archive.file('guest/bin/busybox', readFileSync(busybox), 0o755);
  archive.file('guest/settings', assignments(settings));
  archive.file('guest/command', command);
  for (const name of readdirSync(modules)) archive.file(join('modules', name), readFileSync(join(modules, name)));
  archive.close();
}

function assignments(settings) {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}
