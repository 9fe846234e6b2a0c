import { freshProc, propagation } from '../../../ns/index.js';
import { type Fd, type Operand, SpecError } from '../../../sys/index.js';
import type { SnapshotPart } from '../../snapshot/part.js';
import type { FilesEntry } from '../../spec/file-entry.js';
import type { Host } from '../../spec/host.js';
import type { HostFiles } from '../../spec/host-files.js';
import type { ProcessSpec } from '../../spec/process-spec.js';
import type { Identity } from '../ids.js';
import { methodCall, type Section, section } from '../section.js';
import { RootIsFull } from './assembly.js';
import { checkEntry } from './check-entry.js';
import { classicCalls } from './classic-calls.js';
import { planEntry } from './entries.js';
import type { IdmappedTree } from './idmapped-tree.js';
import { newCalls } from './new-calls.js';
import { originOf } from './origin.js';
import { planRoot } from './roots/plan-root.js';
import { Snapshots } from './snapshots.js';

/** What the process will see of the file system. */
export interface FilesPlan {
  readonly sections: readonly Section[];
  /** Overlays whose changes the caller gets. */
  readonly snapshots: readonly SnapshotPart[];
  /** The directory that the process stands in may be hidden, or belong to what is not there any more: it has to enter one. */
  readonly hasView: boolean;
  /** What the process will find at a path, as far as that is known. */
  at(path: string): ReturnType<HostFiles['at']>;
  /** Trees that the caller makes before there is a process. */
  readonly idmaps: readonly IdmappedTree[];
  /** The directory with the terminals of the sandbox, where it has its own. */
  readonly terminals?: Operand<Fd> | undefined;
}

/** The view of the file system, in a new mount namespace. */
export function planFiles(spec: ProcessSpec, host: Host, identity: Identity): FilesPlan {
  const { at } = host.files;
  if (!spec.unshare.includes('mount')) return { sections: [], snapshots: [], idmaps: [], at, hasView: false };
  const isolated = section(methodCall('unshare', ...spec.unshare), propagation(spec.propagation ?? 'private'));
  const entries = entriesOf(spec);
  for (const entry of entries) checkEntry(entry, spec, host);
  if (spec.propagation === 'slave' && spec.root !== undefined && spec.root.readOnly !== false) {
    throw new SpecError(
      'propagation',
      'what the host mounts later would come in as it is there, and the root is not to be written',
      'leave it out, or use .hostRoot({ readOnly: false })',
    );
  }
  const [only, ...others] = entries;
  if (spec.root === undefined && only === undefined)
    return { sections: [isolated], snapshots: [], idmaps: [], at, hasView: false };
  if (spec.root === undefined && others.length === 0 && isPlainProc(only)) {
    // The one that nearly everybody wants, on a tree that is the host's: one call is enough.
    const from = spec.files?.length ? originOf(only as FilesEntry) : isolated.from;
    return { sections: [isolated, section(from, freshProc('/proc'))], snapshots: [], idmaps: [], at, hasView: true };
  }
  const { sections, ...assembled } = assemble(spec, host, identity, entries);
  return { ...assembled, sections: [isolated, ...sections], hasView: true };
}

function isPlainProc(entry: FilesEntry | undefined): boolean {
  return (
    entry?.type === 'proc' && entry.target === '/proc' && entry.subset === undefined && entry.hidepid === undefined
  );
}

/** The entries of the spec; before them a proc where nothing is said of it, and there are new processes to be seen. */
function entriesOf({ files = [], proc, unshare }: ProcessSpec): readonly FilesEntry[] {
  if (proc === false || !unshare.includes('pid') || files.some(({ type }) => type === 'proc')) return files;
  return [{ type: 'proc', target: '/proc' }, ...files];
}

/** What is to hold for all others, wherever they are: how mounts pass to copies, and what of the kernel is guarded. */
const lastOfAll: readonly FilesEntry['type'][] = ['propagation', 'kernelGuards'];

function inOrder(entries: readonly FilesEntry[]): FilesEntry[] {
  const isLast = ({ type }: FilesEntry) => lastOfAll.includes(type);
  return [...entries.filter((entry) => !isLast(entry)), ...entries.filter(isLast)];
}

function assemble(spec: ProcessSpec, host: Host, identity: Identity, entries: readonly FilesEntry[]) {
  const contents = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.contents.length : 0), 0);
  const calls = host.mountCalls === 'new' ? newCalls : classicCalls;
  const attempt = (isRebuilt: boolean) => {
    const root = planRoot(spec, host, calls, contents, isRebuilt);
    const { assembly } = root;
    const snapshots = new Snapshots();
    root.begin();
    for (const entry of inOrder(entries)) {
      assembly.begin(originOf(entry));
      planEntry(assembly, entry, { spec, identity, snapshots });
    }
    assembly.finish();
    return {
      sections: root.sections(),
      snapshots: snapshots.parts,
      idmaps: assembly.idmaps,
      at: assembly.view.at,
      terminals: assembly.terminals,
    };
  };
  try {
    return attempt(false);
  } catch (error) {
    if (!(error instanceof RootIsFull)) throw error;
    return attempt(true);
  }
}
