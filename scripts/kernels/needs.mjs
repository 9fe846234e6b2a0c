// What this machine has to be, and to have.
import { spawnSync } from 'node:child_process';
import { keyring } from '../machine/apt.mjs';
import { whatIsMissing } from '../machine/missing.mjs';
import { userMode } from './kernels.mjs';
import { hasWideRegisters } from './registers.mjs';
import { ownNamespace } from './uml.mjs';

const programs = {
  'apt-get': 'the kernels come from Debian: a machine with apt is needed',
  'dpkg-query': 'the kernels come from Debian: a machine with apt is needed',
  setpriv: 'apt-get install util-linux',
  taskset: 'apt-get install util-linux',
  unshare: 'apt-get install util-linux',
};

const files = { [keyring]: 'apt-get install debian-archive-keyring' };

/** For {@link hasWideRegisters}. */
const compiler = {
  programs: { gcc: 'apt-get install gcc libc6-dev' },
  files: { '/usr/include/dlfcn.h': 'apt-get install libc6-dev' },
};

/** A line for each thing that this machine is not, or has not, to run these kernels. */
export function whatIsNeeded(kernels) {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') return [`Linux on x86-64 (this is ${platform} on ${arch})`];
  const compiles = kernels.includes(userMode) && hasWideRegisters();
  const missing = whatIsMissing({
    programs: { ...programs, ...(compiles ? compiler.programs : {}) },
    files: { ...files, ...(compiles ? compiler.files : {}) },
  });
  if (missing.length > 0) return missing;

  const { status, stderr } = spawnSync('unshare', [...ownNamespace(), 'true'], { encoding: 'utf8' });
  return status === 0 ? [] : [`a PID namespace (${stderr.trim()}): a container may have to be started with privileges`];
}
