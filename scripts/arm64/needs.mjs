// What has to be on the machine, and which of Debian's packages has it.
import { keyring } from '../machine/apt.mjs';
import { inProject } from './project.mjs';

export const needs = {
  programs: {
    'qemu-system-aarch64': 'apt-get install qemu-system-arm',
    'apt-get': 'the packages of the virtual machine come from Debian: a machine with apt is needed',
    'apt-cache': 'the packages of the virtual machine come from Debian: a machine with apt is needed',
    dpkg: 'apt-get install dpkg',
    npm: 'it comes with Node',
    setpriv: 'apt-get install util-linux',
    tar: 'apt-get install tar',
  },
  files: {
    [keyring]: 'apt-get install debian-archive-keyring',
    [inProject('dist/index.js')]: 'npm run build',
    [inProject('prebuilds/linux-arm64/launcher.so')]: 'npm run build:launcher',
    [inProject('node_modules/ffi-rs')]: 'npm ci',
  },
};
