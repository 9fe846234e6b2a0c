// The kernels that there are to choose from.

/** User-mode Linux: a kernel that is a program. Which Linux it is depends on the release of Debian that this machine has. */
export const userMode = 'uml';

/** Stock kernels, in an emulated computer, and the release of Debian that has each. */
const releases = new Map([
  ['5.10', 'bullseye'],
  ['6.1', 'bookworm'],
  ['6.12', 'trixie'],
  ['newest', 'sid'],
]);

export const kernelNames = [userMode, ...releases.keys()];

export const releaseOf = (kernel) => releases.get(kernel);

/** What a kernel loads before it can show the host's files. */
export const neededModules = (kernel) =>
  kernel === userMode ? ['overlay'] : ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'];

/** In megabytes. What is written into the host's files is kept in it, too. */
export const memory = '2048';

/** The last words of a kernel only; no control groups of the first version; the end instead of a halt. */
export const kernelOptions = ['quiet', 'cgroup_no_v1=all', 'panic=-1'];
