import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What crun(1) runs: a folder with a `config.json` and the root of the file system. */
export interface Bundle {
  /** The command that runs it: it becomes crun. */
  readonly command: readonly [file: string, ...args: string[]];
  /** Takes it away: after the container has ended. */
  remove(): void;
}

/** `linux.resources` of the OCI's runtime specification. Only root can give some, on a host with control groups of one version. */
export type Resources = Readonly<Record<string, unknown>>;

/** Where the host's programs are found below `/usr`. */
const below = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * A container of a command, in the seven namespaces that the others of the bench have. Its root is a folder of its own, and of the host it
 * sees `/usr`, read-only: crun makes devices in the root that it is given, and with the host's it would replace the host's own.
 */
export function makeBundle(command: readonly string[], resources?: Resources): Bundle {
  const folder = mkdtempSync(join(tmpdir(), 'isolate-bench-crun-'));
  const root = join(folder, 'rootfs');
  for (const name of ['usr', 'proc', 'dev']) mkdirSync(join(root, name), { recursive: true });
  for (const name of below) symlinkSync(`usr/${name}`, join(root, name));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(configOf(command, resources)));
  const id = `isolate-bench-${process.pid}-${++count}`;
  const crun = ['crun', '--root', join(folder, 'state')] as const;
  const run = ['run', '--bundle', folder, id];
  return {
    command:
      resources === undefined ? withoutGroups([...crun, '--cgroup-manager=disabled', ...run]) : [...crun, ...run],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** crun runs on no host with control groups of both versions, also where it is to use none: it has to see none. */
function withoutGroups(crun: readonly string[]): [string, ...string[]] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"';
  return ['unshare', ...asRoot, '--mount', 'sh', '-c', hide, 'sh', ...crun];
}

let count = 0;

function configOf(command: readonly string[], resources: Resources | undefined): object {
  const map = [{ containerID: 0, hostID: 0, size: 1 }];
  return {
    ociVersion: '1.0.0',
    process: { user: { uid: 0, gid: 0 }, args: command, env: ['PATH=/usr/bin'], cwd: '/', noNewPrivileges: true },
    root: { path: 'rootfs', readonly: true },
    mounts: [
      { destination: '/usr', type: 'bind', source: '/usr', options: ['rbind', 'ro', 'nosuid', 'nodev'] },
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: {
      namespaces: ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'].map((type) => ({ type })),
      uidMappings: map,
      gidMappings: map,
      ...(resources === undefined ? {} : { resources }),
    },
  };
}
