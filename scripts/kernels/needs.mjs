// What this machine has to be, and to have.
import { spawnSync } from 'node:child_process';
import { keyring } from '../machine/apt.mjs';
import { whatIsMissing } from '../machine/missing.mjs';
import { ownNamespace } from './uml.mjs';

const programs = {
  'apt-get': 'the kernels come from Debian: a machine with apt is needed',
  'dpkg-query': 'the kernels come from Debian: a machine with apt is needed',
  setpriv: 'apt-get install util-linux',
  taskset: 'apt-get install util-linux',
  unshare: 'apt-get install util-linux',
};

const files = { [keyring]: 'apt-get install debian-archive-keyring' };

/** A line for each thing that this machine is not, or has not. */
export function whatIsNeeded() {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') return [`Linux on x86-64 (this is ${platform} on ${arch})`];
  const missing = whatIsMissing({ programs, files });
  if (missing.length > 0) return missing;

  const { status, stderr } = spawnSync('unshare', [...ownNamespace(), 'true'], { encoding: 'utf8' });
  return status === 0 ? [] : [`a PID namespace (${stderr.trim()}): a container may have to be started with privileges`];
}
