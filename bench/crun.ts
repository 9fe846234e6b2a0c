import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupAccess, cgroupAccess } from 'linux-isolate/cgroup';
import { hostSystem } from './build-sandbox.js';
import { kinds } from './kinds.js';

/** What a bundle is to be. */
export interface CrunOptions {
  /** The command line. Its program is found at the path that it has on the host. */
  readonly args: readonly string[];
  /** Limits, as the specification of bundles has them. Left out, it has nothing to do with control groups. */
  readonly resources?: object;
}

/** A bundle: what crun is told of a container. */
export interface CrunBundle {
  /** The command line that runs it, under a name that no other has: it becomes crun. */
  commandLine(): [file: string, args: string[]];
  remove(): void;
}

let count = 0;

/**
 * Makes a bundle in a folder. Its root file system is its own and cannot be written, and so is its /dev: what crun makes and mounts there stays
 * away from the host's. Of the host it has what programs need, read-only.
 */
export function crunBundle(parent: string, { args, resources }: CrunOptions): CrunBundle {
  const folder = mkdtempSync(join(parent, 'crun-'));
  const root = join(folder, 'rootfs');
  for (const path of ['proc', 'dev']) mkdirSync(join(root, path), { recursive: true });
  for (const { path, to } of hostSystem.links) symlinkSync(to, join(root, path));
  const name = (): string => `isolate-bench-${process.pid}-${++count}`;
  const config = {
    ociVersion: '1.0.0',
    root: { path: 'rootfs', readonly: true },
    process: { user: { uid: 0, gid: 0 }, args, env: ['PATH=/usr/bin:/bin'], cwd: '/', noNewPrivileges: true },
    mounts: [
      ...hostSystem.binds.map((path) => ({ destination: path, source: path, type: 'bind', options: ['bind', 'ro'] })),
      { destination: '/proc', source: 'proc', type: 'proc' },
      { destination: '/dev', source: 'tmpfs', type: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: {
      namespaces: kinds.map((type) => ({ type: type === 'net' ? 'network' : type })),
      // Without groups it is root already, in a user namespace of its caller's.
      uidMappings: [{ containerID: 0, hostID: resources === undefined ? 0 : process.geteuid?.(), size: 1 }],
      gidMappings: [{ containerID: 0, hostID: resources === undefined ? 0 : process.getegid?.(), size: 1 }],
      ...(resources === undefined ? {} : { cgroupsPath: `${groupAbove(cgroupAccess())}/${name()}`, resources }),
    },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  // What crun remembers of its containers is in the bundle, and gone with it. Of systemd nothing is asked.
  const groups = `--cgroup-manager=${resources === undefined ? 'disabled' : 'cgroupfs'}`;
  const run = (): string[] => [groups, `--root=${folder}/state`, 'run', '--bundle', folder, name()];
  return {
    commandLine: () => (resources === undefined ? withoutGroups(run()) : ['crun', run()]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** crun runs on no host with control groups of both versions, also where it is to use none: it has to see none. */
function withoutGroups(args: readonly string[]): [string, string[]] {
  const asRoot = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const hide = 'mount -t tmpfs none /sys/fs/cgroup && exec crun "$@"';
  return ['unshare', [...asRoot, '--mount', 'sh', '-c', hide, 'sh', ...args]];
}

/** Where the group of the container is made: in v2 where ours are; in v1 at the top of each hierarchy. */
function groupAbove({ layout, bases }: CgroupAccess): string {
  const directory = layout === 'unified' ? bases[0]?.directory : undefined;
  return directory === undefined ? '' : directory.replace('/sys/fs/cgroup', '');
}
