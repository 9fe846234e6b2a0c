// What the machines are made of, fetched once and kept.
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptOfRelease, aptOfThisMachine } from '../machine/apt.mjs';
import { fetched } from './fetched.mjs';
import { releaseOf, stockModules, userMode, userModeModules } from './kernels.mjs';
import { fetchLacking } from './lacking.mjs';
import { copyModules } from './modules.mjs';
import { buildRegisters, hasWideRegisters } from './registers.mjs';

/** The parts of a machine with this kernel: files and folders of the cache, or undefined where it needs none. */
export async function fetchParts(cache, { kernel, systemd, mirror }, signal) {
  const busybox = join(await fetchBusybox(cache, signal), 'busybox');
  const tools = { busybox, signal };
  const isUserMode = kernel === userMode;
  return {
    busybox,
    kernel: isUserMode ? await fetchUserMode(cache, tools) : await fetchStock(cache, kernel, mirror, tools),
    preload: isUserMode && hasWideRegisters() ? await buildRegisters(cache, signal) : undefined,
    emulator: isUserMode ? undefined : await fetchLacking(cache, 'qemu', signal),
    systemd: systemd ? await fetchLacking(cache, 'systemd', signal) : undefined,
  };
}

/** The commands of the machine's first process. */
function fetchBusybox(cache, signal) {
  return fetched(cache, 'busybox', async (folder, work) => {
    const apt = await aptOfThisMachine(work, signal);
    await apt.unpack(['busybox-static'], join(work, 'root'));
    const [program] = ['bin', 'usr/bin'].map((bin) => join(work, 'root', bin, 'busybox')).filter(existsSync);
    copyFileSync(program, join(folder, 'busybox'));
  });
}

function fetchUserMode(cache, tools) {
  return fetched(cache, userMode, async (folder, work) => {
    const apt = await aptOfThisMachine(work, tools.signal);
    await apt.unpack(['user-mode-linux'], join(work, 'root'));
    copyFileSync(join(work, 'root/usr/bin/linux.uml'), join(folder, 'kernel'));
    await copyModules(join(work, 'root/usr/lib/uml'), userModeModules, join(folder, 'modules'), tools);
  });
}

function fetchStock(cache, kernel, mirror, tools) {
  return fetched(cache, `linux-${kernel}`, async (folder, work) => {
    const apt = await aptOfRelease(work, { release: releaseOf(kernel), mirror, architecture: 'amd64' }, tools.signal);
    const closure = await apt.wouldInstall(['linux-image-amd64']);
    // Some releases have the image and the modules in packages of their own.
    await apt.unpack(
      closure.filter((name) => /^linux-(image|binary|modules)-/.test(name)),
      join(work, 'root'),
    );
    const files = readdirSync(join(work, 'root'), { recursive: true });
    const image = files.find((path) => /(^boot\/vmlinuz-|\/vmlinuz$)/.test(path));
    copyFileSync(join(work, 'root', image), join(folder, 'kernel'));
    await copyModules(join(work, 'root'), stockModules, join(folder, 'modules'), tools);
  });
}
