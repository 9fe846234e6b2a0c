import { isFile, type MountAttributes } from '../../../ns/index.js';
import type { BindEntry } from '../../spec/file-entry.js';
import { denied } from '../../spec/host-files.js';
import type { Assembly } from './assembly.js';
import { attributesSet } from './attributes-of.js';
import { idmappedTree } from './idmap.js';
import type { Bind } from './mount-calls.js';
import { walk } from './walk.js';

interface Source {
  /** As it was given: the kernel follows its links again. */
  readonly path: string;
  /** Where it is really. */
  readonly real: string;
  readonly what: 'directory' | 'file';
  readonly verify?: Bind['verify'];
}

/** A part of the host at a place of the view. */
export function planBind(assembly: Assembly, entry: BindEntry): void {
  const source = typeof entry.source === 'number' ? openSource(assembly, entry.source) : pathSource(assembly, entry);
  if (source === undefined) return;
  const attributes = attributesSet(entry);
  const recursive = entry.topOnly !== true;
  const place = assembly.place(entry.target, source.what);
  if (entry.idmap !== undefined) {
    const tree = idmappedTree(assembly, entry, source, attributes);
    assembly.idmaps.push(tree);
    assembly.attach(tree.fd, place);
    assembly.mounted(place, { kind: 'host', source: source.real, attributes }, tree.fd);
    return;
  }
  const fd = assembly.calls.bind(assembly, {
    source: { from: 'host', path: source.path },
    place,
    attributes,
    recursive,
    why: `${source.path} of the host, ${recursive ? 'with what is mounted below' : 'without what is mounted below'}`,
    ...(source.verify === undefined ? {} : { verify: source.verify }),
  });
  assembly.mounted(
    place,
    { kind: 'host', source: source.real, attributes: effective(assembly, source.real, attributes) },
    fd,
  );
}

function effective(assembly: Assembly, source: string, attributes: MountAttributes): MountAttributes {
  // Only where mount(2) has to be told again what a mount has: the list of mounts takes time to read.
  return assembly.host.mountCalls === 'new'
    ? attributes
    : { ...assembly.view.hostMounts(source).attributes, ...attributes };
}

/** What is at a path of the host, symbolic links followed; undefined for what may be missing, and is. */
function pathSource(assembly: Assembly, { source, optional }: BindEntry): Source | undefined {
  const path = source as string;
  if (!path.startsWith('/')) throw assembly.refuse(`${JSON.stringify(path)} is not an absolute path`);
  const walked = walk(assembly.host.files.at, path, { followLast: true });
  const shown = JSON.stringify(path);
  if (walked === denied) throw assembly.refuse(`the source ${shown} cannot be reached: permission denied`);
  if (walked === 'loop') throw assembly.refuse(`the source ${shown} leads through too many symbolic links`);
  if (walked !== 'not a directory' && walked.file !== undefined) {
    return { path, real: walked.path, what: walked.file.type === 'directory' ? 'directory' : 'file' };
  }
  if (optional) return undefined;
  throw assembly.refuse(
    `the source ${shown} is not there`,
    'make it, or use .tryBind() or .tryRoBind() if it may be missing',
  );
}

/** What a descriptor of the caller refers to: by its path, which has to lead to the same file when it is bound. */
function openSource(assembly: Assembly, fd: number): Source {
  const found = assembly.host.files.descriptor(fd);
  if (found === undefined) throw assembly.refuse(`the descriptor ${fd} is not open, or what it refers to has no path`);
  const { path, type, device, inode } = found;
  const what = type === 'directory' ? 'directory' : 'file';
  return { path, real: path, what, verify: (tree) => isFile(tree, { device, inode: BigInt(inode) }) };
}
