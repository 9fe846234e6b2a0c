import type { MountAttributes, NewFileSystem, Opened, Propagation } from '../../../ns/index.js';
import type { Fd, Operand, Step } from '../../../sys/index.js';
import type { Ground } from './ground.js';
import type { Place } from './place.js';

/** What is bound: a path of the host, a path of the view as it is now, or something that was staged. */
export type BindSource =
  | { readonly from: 'host'; readonly path: string }
  /** A name in a directory of the host, that is what it was when the plan was made and no link by now. */
  | { readonly from: 'directory'; readonly path: string; readonly name: string; readonly what: Opened }
  | { readonly from: 'view'; readonly path: string }
  | { readonly from: 'staging'; readonly name: string };

/** A bind mount to be made. */
export interface Bind {
  readonly source: BindSource;
  readonly place: Place;
  readonly attributes: MountAttributes;
  /** What is mounted below the source comes along. */
  readonly recursive: boolean;
  /** Steps that fail unless the source is what it has to be; `fd` is that source. */
  verify?(fd: Operand<Fd>): readonly Step[];
  readonly why: string;
}

/** The root that the process gets, as a mount that is not entered yet. */
export interface NewRoot {
  readonly fd: Operand<Fd>;
  /** Steps that lay it on top of the old root, which is still that of the process. */
  readonly steps: readonly Step[];
  /** What is left to do when it is there. */
  finish?(ground: Ground): void;
}

/** The system calls that mounts are made with: those of Linux 5.12, or the older ones. */
export interface MountCalls {
  /** A file system on top of the root of the process, which stays where it is. */
  onRoot(fileSystem: NewFileSystem): { readonly steps: readonly Step[]; readonly fd: Operand<Fd> };
  /** A new root of an empty file system. */
  emptyRoot(fileSystem: NewFileSystem): NewRoot;
  /** A new root that is a directory of the host. */
  boundRoot(source: string, attributes: MountAttributes): NewRoot;
  /** A new file system in a directory of the staging file system; returns its descriptor. */
  stage(ground: Ground, fileSystem: NewFileSystem, name: string): Operand<Fd>;
  /** A directory in a directory of the staging file system, as it is before anything is changed; returns its descriptor. */
  stageBind(ground: Ground, source: BindSource, name: string, recursive: boolean): Operand<Fd>;
  /** Binds; returns the descriptor of what is there then. */
  bind(ground: Ground, bind: Bind): Operand<Fd>;
  /** Mounts a new file system; returns its descriptor. */
  create(ground: Ground, fileSystem: NewFileSystem, place: Place, why: string): Operand<Fd>;
  /** Changes what a mount allows: the one that is at the top of a path of the view. */
  change(ground: Ground, path: string, attributes: MountAttributes, recursive: boolean): void;
  propagate(ground: Ground, path: string, kind: Propagation, recursive: boolean): void;
}
