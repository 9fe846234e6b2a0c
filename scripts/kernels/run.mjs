// One run: a command, on a kernel, as somebody.
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withRunFolder } from '../machine/run-folder.mjs';
import { accountOf } from './account.mjs';
import { commandScript } from './command.mjs';
import { writeInitramfs } from './initramfs.mjs';
import { userMode } from './kernels.mjs';
import { runMachine } from './machine.mjs';
import { fetchParts } from './parts.mjs';
import { emulatedComputer, emulatedGuest } from './qemu.mjs';
import { userModeGuest, userModeLinux } from './uml.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A disk for the machine. It takes no more room than what is written to it. */
function makeDisk(path) {
  writeFileSync(path, '');
  truncateSync(path, 4 * 2 ** 30);
  return path;
}

/** Gives the exit status of the command. */
export async function runOnKernel(cache, { kernel, systemd, uid, words, mirror, showConsole }, signal) {
  const parts = await fetchParts(cache, { kernel, systemd, mirror }, signal);
  const account = accountOf(uid);
  const isUserMode = kernel === userMode;
  return withRunFolder(cache, async (folder) => {
    const initramfs = join(folder, 'initramfs');
    const disk = makeDisk(join(folder, 'disk'));
    writeInitramfs(initramfs, {
      busybox: parts.busybox,
      modules: join(parts.kernel, 'modules'),
      command: commandScript({ words, account, systemd, project }),
      settings: {
        ...(isUserMode ? userModeGuest : emulatedGuest),
        project,
        systemd: systemd ? 'yes' : 'no',
        layer: parts.systemd ?? '',
        uid: account.uid,
        gid: account.gid,
        name: account.name,
        home: account.home,
        passwd_line: account.passwdLine,
        group_line: account.groupLine,
      },
    });
    const { kernel: program, preload, emulator } = parts;
    const files = { kernel: program, preload, emulator, initramfs, disk, folder };
    const machine = isUserMode ? await userModeLinux(files) : emulatedComputer(files);
    return runMachine(machine, { showConsole }, signal);
  });
}
