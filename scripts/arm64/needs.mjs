// What has to be on the machine, and which of Debian's packages has it.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { keyring } from './apt.mjs';
import { inProject } from './project.mjs';

const programs = {
  'qemu-system-aarch64': 'apt-get install qemu-system-arm',
  'apt-get': 'the packages of the virtual machine come from Debian: a machine with apt is needed',
  'apt-cache': 'the packages of the virtual machine come from Debian: a machine with apt is needed',
  dpkg: 'apt-get install dpkg',
  npm: 'it comes with Node',
  setpriv: 'apt-get install util-linux',
  tar: 'apt-get install tar',
};

const files = {
  [keyring]: 'apt-get install debian-archive-keyring',
  [inProject('dist/index.js')]: 'npm run build',
  [inProject('prebuilds/linux-arm64/launcher.so')]: 'npm run build:launcher',
  [inProject('node_modules/ffi-rs')]: 'npm ci',
};

/** A line for each thing that is not there, with what brings it. */
export function whatIsMissing() {
  const absent = [
    ...Object.entries(programs).filter(([program]) => !isProgram(program)),
    ...Object.entries(files).filter(([file]) => !existsSync(file)),
  ];
  return absent.map(([name, remedy]) => `${name} (${remedy})`);
}

function isProgram(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
