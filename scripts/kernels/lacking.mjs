// What this machine lacks of some programs, beside it: nothing is installed.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptOfThisMachine } from '../machine/apt.mjs';
import { output } from '../machine/command.mjs';
import { fetched } from './fetched.mjs';

const packages = {
  // With a bus for each user, as a login on Debian has it.
  systemd: ['systemd', 'libpam-systemd', 'dbus', 'dbus-user-session'],
  // With what it looks for beside itself.
  qemu: ['qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'seabios'],
};

/**
 * A folder with these packages and all they need that is not installed, or undefined if they are installed. They need what is
 * installed, so they are fetched anew when that has changed.
 */
export async function fetchLacking(cache, name, signal) {
  const installed = await installedOf(packages[name], signal);
  if (installed.length === packages[name].length) return undefined;

  const digest = createHash('sha256').update(installed.join('\n')).digest('hex').slice(0, 12);
  return fetched(cache, `${name}-${digest}`, async (folder, work) => {
    const apt = await aptOfThisMachine(work, signal);
    const needed = await apt.wouldInstall(packages[name]);
    const current = packages[name].filter((own) => !needed.some((entry) => entry.startsWith(`${own}=`)));
    await apt.unpack([...needed, ...current], folder);
    mergeIntoUsr(folder);
  });
}

/** Those of some packages that are installed, with their versions. */
async function installedOf(names, signal) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: so dpkg-query names the fields of a package
  const format = '${Package} ${Version} ${db:Status-Status}\n';
  const all = await output('dpkg-query', ['--show', '--showformat', format], { signal });
  return all.split('\n').filter((line) => names.includes(line.split(' ')[0]) && line.endsWith(' installed'));
}

/** Packages that still have a `/lib` of their own are installed where that is a link. */
function mergeIntoUsr(folder) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const own = join(folder, name);
    if (!existsSync(own)) continue;
    cpSync(own, join(folder, 'usr', name), { recursive: true, verbatimSymlinks: true });
    rmSync(own, { recursive: true });
  }
}
