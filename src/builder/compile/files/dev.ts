import { posix } from 'node:path';
import { isDevice } from '../../../ns/index.js';
import { symlinkat } from '../../../sys/index.js';
import type { KernelEntry } from '../../spec/file-entry.js';
import type { Assembly } from './assembly.js';
import type { FilesContext } from './context.js';
import { mountNew } from './fresh.js';
import { walk } from './walk.js';

/** The devices that every program may expect, and their numbers: see Linux's devices.txt. */
const devices = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
} as const;

const links = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
} as const;

/** A /dev with six devices, terminals of its own, shared memory and message queues, and nothing else of the host's. */
export function planDev(assembly: Assembly, { target }: KernelEntry, { spec }: FilesContext): void {
  const attributes = { nosuid: true, noexec: true } as const;
  // It is closed for writing in the end; until then it takes a few names.
  const tmpfs = { type: 'tmpfs', options: { mode: '0755', size: '65536' }, attributes };
  const why = 'devices, and only those that are named';
  const { fd, path } = mountNew(assembly, target, tmpfs, { kind: 'ours' }, why, { closes: true });
  const at = (name: string) => posix.join(path, name);
  for (const [name, [major, minor]] of Object.entries(devices)) bindDevice(assembly, at(name), name, { major, minor });
  for (const [name, to] of Object.entries(links)) {
    assembly.emit(symlinkat.step(to, fd, name).because(`${name} is ${to}`));
    assembly.view.make(at(name), { type: 'symlink', link: to });
  }
  const pts = { type: 'devpts', options: { newinstance: true, ptmxmode: '0666', mode: '0620' } as const, attributes };
  const kernel = { kind: 'kernel', like: undefined } as const;
  const terminals = mountNew(assembly, at('pts'), pts, kernel, 'terminals of its own: those of the host are not there');
  assembly.hasTerminals(terminals.path, terminals.fd);
  const shm = { type: 'tmpfs', options: { mode: '1777', size: '10%' }, attributes: { nosuid: true, nodev: true } };
  mountNew(assembly, at('shm'), shm, { kind: 'ours' }, 'shared memory of its own');
  // The message queues of the host can be mounted by those alone who own its IPC namespace.
  if (spec.unshare.includes('ipc') || !spec.unshare.includes('user')) {
    const mqueue = { type: 'mqueue', options: {}, attributes: { nosuid: true, nodev: true, noexec: true } };
    mountNew(assembly, at('mqueue'), mqueue, kernel, 'the message queues of the IPC namespace');
  }
}

/** A device of the host, made sure to be what its name says before anybody can open it. */
function bindDevice(assembly: Assembly, target: string, name: string, device: { major: number; minor: number }): void {
  const source = `/dev/${name}`;
  const found = walk(assembly.host.files.at, source, { followLast: false });
  if (typeof found === 'string' || found.file?.type !== 'character') {
    throw assembly.refuse(`${source} of the host is not the device that it has to be`);
  }
  // A device takes what is written to it all the same; its owner and permissions, which are those of the host's, stay as they are.
  const attributes = { readOnly: true } as const;
  const place = assembly.place(target, 'file');
  const fd = assembly.calls.bind(assembly, {
    source: { from: 'host', path: source },
    place,
    attributes,
    recursive: false,
    verify: (tree) => isDevice(tree, source, device),
    why: `${source} of the host`,
  });
  assembly.mounted(place, { kind: 'host', source, attributes }, fd);
}
