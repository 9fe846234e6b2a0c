// User-mode Linux: a kernel that is a program. Its processes are processes of this machine, so it is nearly as fast.
import { join } from 'node:path';
import { idlestCpu } from './cpu.mjs';
import { kernelOptions, memory } from './kernels.mjs';

/** Where the guest finds the host's files, and prints to: see machine.mjs. */
export const userModeGuest = {
  transport: 'hostfs',
  out_line: '/dev/ttyS0',
  err_line: '/dev/ttyS1',
  status_line: '/dev/ttyS2',
  disk: '/dev/ubda',
};

/** `preload` is a library without which this kernel does not run here, if there is one. */
export async function userModeLinux({ kernel, preload, initramfs, disk, folder }) {
  const machine = [
    `mem=${memory}M`,
    `initrd=${initramfs}`,
    `ubd0=${disk}`,
    // Its sockets would be in the home.
    `uml_dir=${folder}`,
    ...['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=null,fd:3', 'ssl1=null,fd:4', 'ssl2=null,fd:5'],
    ...kernelOptions,
  ];
  // As process 1 of the namespace it could not abort when it panics.
  const inShell = ['sh', '-c', '"$@"; exit $?', 'sh'];
  // At each system call it passes from one process to another, which takes several times as long between two CPUs.
  const pinned = ['taskset', '--cpu-list', await idlestCpu()];
  const environment = preload === undefined ? [] : ['env', `LD_PRELOAD=${preload}`];
  const own = [...environment, join(kernel, 'kernel'), ...machine];
  return { program: 'unshare', args: [...ownNamespace(), ...inShell, ...pinned, ...own] };
}

/** A PID namespace, with which its processes end whatever happens, as arguments of unshare(1). */
export function ownNamespace() {
  const owner = process.geteuid() === 0 ? [] : ['--user', '--map-current-user'];
  return [...owner, '--pid', '--fork', '--kill-child', '--mount-proc'];
}
