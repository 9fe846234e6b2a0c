import type { MountAttributes, NewFileSystem } from '../../../ns/index.js';
import type { KernelEntry, ProcEntry, TmpfsEntry } from '../../spec/file-entry.js';
import type { Assembly } from './assembly.js';
import { attributesSet } from './attributes-of.js';
import type { FilesContext } from './context.js';
import { ownedBy, tmpfsOptions } from './tmpfs-options.js';
import type { Mounted } from './view.js';

/** What no file system of ours needs. */
const safe: MountAttributes = { nosuid: true, nodev: true };

/** A new file system at a place of the view; returns its descriptor. */
export function mountNew(
  assembly: Assembly,
  target: string,
  fileSystem: NewFileSystem,
  contents: { kind: 'ours' } | { kind: 'kernel'; like: string | undefined },
  why: string,
  { closes = false }: { readonly closes?: boolean } = {},
) {
  const place = assembly.place(target, 'directory');
  const fd = assembly.calls.create(assembly, fileSystem, place, why);
  const mounted: Mounted = {
    ...contents,
    attributes: fileSystem.attributes,
    ...(closes ? { closing: assembly.from } : {}),
  };
  assembly.mounted(place, mounted, fd);
  return { fd, path: place.path };
}

export function planTmpfs(assembly: Assembly, entry: TmpfsEntry, { identity }: FilesContext): void {
  // A mount point can be made on it only before it is closed for writing.
  const { readOnly, ...attributes } = attributesSet({ ...safe, ...entry });
  const options = { ...tmpfsOptions(entry), ...ownedBy(identity) };
  const fileSystem = { type: 'tmpfs', options, attributes };
  const why = 'an empty file system in memory';
  mountNew(assembly, entry.target, fileSystem, { kind: 'ours' }, why, { closes: readOnly === true });
}

const ofKernel: MountAttributes = { nosuid: true, nodev: true, noexec: true };

export function planProc(assembly: Assembly, { target, subset, hidepid }: ProcEntry): void {
  const options: Record<string, string> = {
    ...(hidepid === undefined ? {} : { hidepid }),
    ...(subset === undefined ? {} : { subset }),
  };
  // With the processes alone there is nothing else whose name the host could tell.
  const contents = { kind: 'kernel', like: subset === undefined ? '/proc' : undefined } as const;
  const why = 'shows the processes of the new PID namespace, not those of the host';
  mountNew(assembly, target, { type: 'proc', options, attributes: ofKernel }, contents, why);
}

export function planSysfs(assembly: Assembly, { target }: KernelEntry): void {
  const attributes = { ...ofKernel, readOnly: true };
  const contents = { kind: 'kernel', like: '/sys' } as const;
  const why = 'shows the interfaces of the new network namespace, not those of the host';
  mountNew(assembly, target, { type: 'sysfs', options: {}, attributes }, contents, why);
}

export function planMqueue(assembly: Assembly, { target }: KernelEntry): void {
  const contents = { kind: 'kernel', like: undefined } as const;
  const why = 'the message queues of the new IPC namespace';
  mountNew(assembly, target, { type: 'mqueue', options: {}, attributes: ofKernel }, contents, why);
}

/** With mount(2) an empty file system comes first: it puts none on top of itself (EBUSY), and the one of the host is the same. */
export function planCgroupfs(assembly: Assembly, { target }: KernelEntry): void {
  const attributes = { ...ofKernel, readOnly: true };
  if (assembly.host.mountCalls === 'classic') {
    const empty = { type: 'tmpfs', options: { size: '4096' }, attributes };
    mountNew(
      assembly,
      target,
      empty,
      { kind: 'ours' },
      "between the host's file system of control groups and the new one",
    );
  }
  const contents = { kind: 'kernel', like: undefined } as const;
  const why = 'the control group of the command, and those below it';
  mountNew(assembly, target, { type: 'cgroup2', options: {}, attributes }, contents, why);
}
