import { attributeBits, copyTree, type IdMap, type MountAttributes } from '../../../ns/index.js';
import { AT, CAP, close, Late, MOUNT_ATTR, type MountAttr, MS, mount_setattr } from '../../../sys/index.js';
import type { BindEntry } from '../../spec/file-entry.js';
import { hasCapability } from '../../spec/host.js';
import { checkMap } from '../check-map.js';
import { section } from '../section.js';
import type { Assembly } from './assembly.js';
import type { IdmappedTree } from './idmapped-tree.js';
import type { Bind } from './mount-calls.js';

/** Every id is what it is. */
const asTheyAre: readonly IdMap[] = [{ inside: 0, outside: 0, count: 2 ** 32 - 2 }];

/** The tree of an idmapped bind. */
export function idmappedTree(
  assembly: Assembly,
  { idmap = {}, topOnly }: BindEntry,
  source: { readonly path: string; readonly verify?: Bind['verify'] },
  attributes: MountAttributes,
): IdmappedTree {
  const { users = asTheyAre, groups = asTheyAre } = idmap;
  const { host } = assembly;
  if (!hasCapability(host, CAP.SYS_ADMIN)) {
    throw assembly.refuse(
      'the ids of a file system are mapped by those alone who own it: CAP_SYS_ADMIN on the host',
      'run as root',
    );
  }
  if (host.mountCalls === 'classic')
    throw assembly.refuse('idmapped mounts came with Linux 5.12, and this kernel is older');
  checkMap('files', users);
  checkMap('files', groups);
  const namespace = `idmap ${assembly.idmaps.length}`;
  const recursive = topOnly !== true;
  const copied = copyTree({ dir: AT.FDCWD, path: source.path }, { recursive }).because(
    `${source.path} of the host, by who owns it`,
  );
  const { set, clear } = attributeBits(attributes);
  const mapped = new Late<MountAttr>(
    [namespace],
    `{attr_set=MOUNT_ATTR_IDMAP|0x${set.toString(16)}, userns_fd=<${namespace}>}, 32`,
    (userns_fd) => ({
      attr_set: set | MOUNT_ATTR.IDMAP,
      attr_clr: clear,
      propagation: MS.PRIVATE,
      userns_fd: userns_fd as number,
    }),
  );
  const flags = AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0);
  return {
    namespace,
    maps: { users, groups },
    before: section(
      assembly.from,
      copied,
      ...(source.verify?.(copied.result) ?? []),
      mount_setattr.step(copied.result, '', flags, mapped).because('with the ids of its files as they are mapped'),
    ),
    after: section(assembly.from, close.step(copied.result).because('the process has its own')),
    fd: copied.result,
  };
}
