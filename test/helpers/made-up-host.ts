// A host that is nowhere, for plans that are compared with what they were.
import { posix } from 'node:path';
import { type CgroupAccess, planCgroup } from '../../src/cgroup/index.js';
import type { Access, Host, HostCgroups, HostFile, HostFiles, HostMount, HostProcesses } from '../../src/index.js';
import { namespaceKinds } from '../../src/ns/index.js';

const directories =
  '/ /data /data/sub /dev /dev/pts /dev/shm /etc /home /home/user /home/user/project /mnt /opt /proc /proc/acpi /proc/bus /proc/fs ' +
  '/proc/irq /proc/sys /rootfs /rootfs/etc /rootfs/usr /run /sys /sys/firmware /sys/fs /sys/fs/cgroup /tmp /upper /usr /usr/bin /usr/lib /var /work';
const files =
  '/data/file /etc/hosts /etc/passwd /proc/kcore /proc/keys /proc/sysrq-trigger /proc/timer_list /usr/bin/tool';
const devices = '/dev/full /dev/null /dev/ptmx /dev/random /dev/tty /dev/urandom /dev/zero';
const links = { '/bin': 'usr/bin', '/etc/resolv.conf': '../run/resolv.conf', '/rootfs/dev': '/etc' };

/** All belongs to root, but for what is below /home/user; everybody may write in /tmp. */
function accessOf(path: string): Access {
  const id = `${path}/`.startsWith('/home/user/') ? 1000 : 0;
  return { mode: path === '/tmp' ? 0o1777 : path === '/etc' ? 0o750 : 0o755, uid: id, gid: id };
}

const known = new Map<string, HostFile>([
  ...directories.split(' ').map((path) => [path, { type: 'directory', access: accessOf(path) }] as const),
  ...files.split(' ').map((path) => [path, { type: 'file' }] as const),
  ...devices.split(' ').map((path) => [path, { type: 'character' }] as const),
  ...Object.entries(links).map(([path, link]) => [path, { type: 'symlink', link }] as const),
]);

const mounts: readonly HostMount[] = [
  { path: '/', attributes: {} },
  { path: '/proc', attributes: { nosuid: true, nodev: true, noexec: true } },
  { path: '/sys', attributes: { nosuid: true, nodev: true, noexec: true } },
  { path: '/sys/fs/cgroup', type: 'cgroup2', attributes: { nosuid: true, nodev: true, noexec: true } },
  { path: '/data/sub', attributes: { nosuid: true, noexec: true } },
];

export const madeUpFiles: HostFiles = {
  at: (path) => known.get(path),
  list: (path) =>
    [...known.keys()]
      .filter((one) => one !== '/' && posix.dirname(one) === path)
      .map((one) => posix.basename(one))
      .sort(),
  mounts: () => mounts,
  descriptor: (fd) =>
    fd === 9
      ? { path: '/data', type: 'directory', device: { major: 8, minor: 1 }, inode: '9007199254740995' }
      : undefined,
};

/** Process 77 is in other user, network and PID namespaces, in which user 1000 is root. */
const madeUpProcesses: HostProcesses = {
  own: () => ({ user: 1, mount: 2, pid: 3, net: 4 }),
  find: (process) =>
    ('pid' in process && process.pid === 77) || ('pidfd' in process && process.pidfd === 9)
      ? {
          namespaces: { user: 11, mount: 2, pid: 13, net: 14 },
          maps: {
            users: [{ inside: 0, outside: 1000, count: 1 }],
            groups: [{ inside: 0, outside: 1000, count: 1 }],
          },
          setgroupsAllowed: false,
        }
      : undefined,
};

/** One hierarchy of v2, in which a group is delegated; those who are in it have three controllers. */
const delegated = (directory: string): CgroupAccess => ({
  layout: 'unified',
  bases: [{ version: 2, controllers: ['cpu', 'memory', 'pids'], directory, refused: undefined }],
  controllers: Object.fromEntries(
    ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'misc', 'pids', 'rdma'].map((name) => [
      name,
      ['cpu', 'memory', 'pids'].includes(name)
        ? { usable: true, version: 2, directory }
        : { usable: false, problem: `the groups above do not pass the ${name} controller on` },
    ]),
  ) as CgroupAccess['controllers'],
});

const madeUpCgroups: HostCgroups = {
  plan: (options) => planCgroup({ ...options, access: delegated('/sys/fs/cgroup/user') }),
  find: (path) =>
    path === '/user/jobs'
      ? [{ version: 2, controllers: ['memory'], directory: '/sys/fs/cgroup/user/jobs' }]
      : undefined,
};

/** The same under systemd, which has delegated nothing to this program. */
export const managedCgroups: HostCgroups = {
  ...madeUpCgroups,
  plan: () => ({
    parts: [],
    enable: [],
    values: [],
    refusals: [{ field: 'cgroup', problem: 'systemd manages the group /sys/fs/cgroup/session.scope' }],
  }),
  scope: (slice) => ({
    name: 'isolate-program-7-1.scope',
    file: '/usr/bin/busctl',
    args: ['--user', 'call', 'StartTransientUnit', ...(slice === undefined ? [] : [slice])],
    plan: (options) => planCgroup({ ...options, access: delegated('/sys/fs/cgroup/…/isolate-program-7-1.scope') }),
  }),
};

/** An ordinary user of it. */
export const user: Host = {
  uid: 1000,
  gid: 1000,
  capabilities: 0n,
  lastCapability: 40,
  environment: { PATH: '/usr/bin:/bin' },
  ignoredSignals: [13, 25],
  argumentLimit: 2 ** 21,
  namespaces: namespaceKinds,
  timeEntersAtExec: true,
  setgroupsAllowed: true,
  rootMapTakesSetfcap: true,
  cwd: '/home/user/project',
  files: madeUpFiles,
  processes: madeUpProcesses,
  cgroups: madeUpCgroups,
  cloneIntoCgroup: true,
  homes: ['/home/user'],
  mountCalls: 'new',
  openat2: true,
  overlayUserXattr: true,
  tmpfsUserXattr: true,
};

export const root: Host = { ...user, uid: 0, gid: 0, capabilities: 2n ** 41n - 1n };

/** The same on a kernel before 5.12, where mount(2) is all that there is. */
export const classic = { mountCalls: 'classic' } as const;
