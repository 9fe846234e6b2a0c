import type { MountAttributes } from '../../ns/index.js';

/** What is at a path of the host. */
export interface HostFile {
  readonly type: 'directory' | 'file' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  /** What a symbolic link says. */
  readonly link?: string;
  /** Of a directory: who may do what in it, and whose it is. */
  readonly access?: Access;
}

/** The permissions of a file, and its owner. */
export interface Access {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A mount of the host. */
export interface HostMount {
  readonly path: string;
  /** The kind of its file system, as `ext4`; undefined where that is not known. */
  readonly type?: string | undefined;
  /** What it does not allow: a bind of it has to keep that, unless the caller has privilege over it. */
  readonly attributes: MountAttributes;
}

/** An open descriptor of the caller. */
export interface HostDescriptor {
  /** Where its file is. */
  readonly path: string;
  readonly type: HostFile['type'];
  readonly device: { readonly major: number; readonly minor: number };
  /** In decimal: it may have 64 bits. */
  readonly inode: string;
}

/** What the caller may not look at. */
export const denied = 'denied';

/**
 * The files of the host, as far as a plan asks for them. The answers are part of what the plan is made of: with others it is made
 * anew.
 */
export interface HostFiles {
  /** What is there, a symbolic link itself; undefined for nothing. The path has no symbolic link before its end. */
  at(path: string): HostFile | typeof denied | undefined;
  /** The names in a directory, sorted. */
  list(path: string): readonly string[] | typeof denied;
  /** Every mount that the caller sees: not those that others cover. */
  mounts(): readonly HostMount[];
  descriptor(fd: number): HostDescriptor | undefined;
}
