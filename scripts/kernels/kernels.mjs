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

/** What user-mode Linux loads first. */
export const userModeModules = ['overlay'];

/** What a stock kernel loads first, unless it is built in. ext4 asks for checksums in a way that its file does not tell. */
export const stockModules = [
  ...['virtio_pci', 'virtio_blk', 'virtio_console', '9pnet_virtio', '9p'],
  ...['overlay', 'crc32c_generic', 'ext4'],
];

/** In megabytes. What is written into the host's files, but for `/tmp`, is kept in it, too. */
export const memory = '2048';

/** The last words of a kernel only; no control groups of the first version; the end instead of a halt. */
export const kernelOptions = ['quiet', 'cgroup_no_v1=all', 'panic=-1'];
