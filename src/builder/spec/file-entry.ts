import type { IdMap, MountAttributes, Propagation } from '../../ns/index.js';

/** The host's file system, as it is or without writing. */
export interface HostRoot extends MountAttributes {
  readonly type: 'host';
}

/** An empty directory in memory, which has only what is put there. */
export interface EmptyRoot {
  readonly type: 'empty';
  /** Nothing more can be put there once the command runs. */
  readonly readOnly?: boolean;
}

/** A directory of the host that holds a whole system, as `debootstrap` makes it. */
export interface DirectoryRoot extends MountAttributes {
  readonly type: 'directory';
  readonly source: string;
}

/** What `/` is. */
export type RootSpec = HostRoot | EmptyRoot | DirectoryRoot;

/** A file or directory of the host, seen at another place too. */
export interface BindEntry extends MountAttributes {
  readonly type: 'bind';
  /** A path of the host, or an open descriptor of the caller. */
  readonly source: string | number;
  readonly target: string;
  /** What is mounted below the source stays behind. */
  readonly topOnly?: true;
  /** Nothing is done where the source is not there. */
  readonly optional?: true;
  /** Other owners of its files: `inside` are ids on the disk, `outside` those that they are seen as, in the caller's namespace. */
  readonly idmap?: { readonly users?: readonly IdMap[]; readonly groups?: readonly IdMap[] };
}

/** An empty file system in memory. */
export interface TmpfsEntry extends MountAttributes {
  readonly type: 'tmpfs';
  readonly target: string;
  /** Bytes, or text as `'64M'` or `'25%'` of the memory. */
  readonly size?: number | string;
  /** The permissions of its root. */
  readonly mode?: number;
  /** How many files it holds at most. */
  readonly inodes?: number;
}

/** The processes of the new PID namespace, and settings of the kernel. */
export interface ProcEntry {
  readonly type: 'proc';
  readonly target: string;
  /** Only the processes, nothing else of the kernel. Linux 5.8. */
  readonly subset?: 'pid';
  /** What is seen of the processes of others: see proc(5). */
  readonly hidepid?: 'off' | 'noaccess' | 'invisible' | 'ptraceable';
}

/** A file system that the kernel makes: devices, the tree of /sys or control groups without writing, message queues. */
export interface KernelEntry {
  readonly type: 'dev' | 'sysfs' | 'mqueue' | 'cgroupfs';
  readonly target: string;
}

/** A directory that is there, empty if it was not. */
export interface DirEntry {
  readonly type: 'dir';
  readonly target: string;
  readonly mode?: number;
}

/** A file with contents of its own. */
export interface FileEntry {
  readonly type: 'file';
  readonly target: string;
  readonly contents: string;
  /** How the contents stand in `contents`; UTF-8 if not given. */
  readonly encoding?: 'base64';
  readonly mode?: number;
}

/** A symbolic link. */
export interface SymlinkEntry {
  readonly type: 'symlink';
  readonly target: string;
  /** What the link says. */
  readonly to: string;
}

/** A mount that is there already, with other attributes. */
export interface RemountEntry {
  readonly type: 'remount';
  readonly target: string;
  readonly attributes: MountAttributes;
  readonly recursive?: true;
}

/** A file that reads empty, or a directory that is empty, and in either case cannot be written. */
export interface MaskEntry {
  readonly type: 'mask';
  readonly target: string;
  readonly optional?: true;
}

/** A file or directory that is there and cannot be written, nor what is mounted below. */
export interface ReadonlyEntry {
  readonly type: 'readonly';
  readonly target: string;
  readonly optional?: true;
}

/** A directory that can be written without changing what is below: see overlayfs in the kernel's documentation. */
export interface OverlayEntry {
  readonly type: 'overlay';
  readonly target: string;
  /** Directories of the host, the topmost first; if not given, what is at the target. */
  readonly lowers?: readonly string[];
  /** Where changes are kept, and a directory for the kernel on the same file system; if not given, memory that ends with the command. */
  readonly upper?: string;
  readonly work?: string;
  /** How much memory the changes take at most, as for a tmpfs. */
  readonly size?: number | string;
  /** The changes can be looked at, applied or thrown away when the command has ended. */
  readonly snapshot?: true;
}

/** How mounts below pass to copies of the mount at the target. */
export interface PropagationEntry {
  readonly type: 'propagation';
  readonly target: string;
  readonly kind: Propagation;
  readonly recursive?: true;
}

/** An empty home for the caller, in the place of the one on the host. */
export interface HomeEntry {
  readonly type: 'home';
}

/** What tells of the kernel and of others in every proc and sysfs that is there in the end, and its settings. */
export interface KernelGuardsEntry {
  readonly type: 'kernelGuards';
}

/** The file that /etc/resolv.conf leads to, where an earlier entry has hidden it. */
export interface ResolverEntry {
  readonly type: 'resolver';
}

/** The caller's working directory, without writing, where an earlier entry has hidden it. */
export interface WorkingDirectoryEntry {
  readonly type: 'workingDirectory';
}

/** A change of what the process sees of the file system. */
export type FilesEntry =
  | BindEntry
  | TmpfsEntry
  | ProcEntry
  | KernelEntry
  | DirEntry
  | FileEntry
  | SymlinkEntry
  | RemountEntry
  | MaskEntry
  | ReadonlyEntry
  | OverlayEntry
  | PropagationEntry
  | HomeEntry
  | KernelGuardsEntry
  | ResolverEntry
  | WorkingDirectoryEntry;
