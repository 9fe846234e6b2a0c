import type { EntryType } from './entry.js';

/** One thing that a command changed in an overlay, as against the directory of the host below it. */
export interface Change {
  /** Where it is for the command, from `/`. Names that are no UTF-8 are shown with U+FFFD in them. */
  readonly path: string;
  /**
   * - `added`: nothing was there. Each entry of a new directory is a change of its own.
   * - `modified`: something else is there now; of another type, where `type` is not what it was.
   * - `deleted`: nothing is there any more. What was in a directory went with it, and is not listed.
   */
  readonly kind: 'added' | 'modified' | 'deleted';
  /** Of what is there now; of what was there, where it is deleted. */
  readonly type: EntryType;
  /**
   * The permissions of that, with the bits that are more: 0o4000 for set-user-ID, 0o2000 for set-group-ID, 0o1000 for
   * sticky. A file with the first two runs as its owner or its group, whoever starts it: {@link Snapshot.apply} takes
   * them away unless it is told not to. A symbolic link has none.
   */
  readonly mode?: number;
  /** The owner and the group of that, as the host counts them. */
  readonly uid: number;
  readonly gid: number;
  /**
   * The contents are what they were. The permissions, the owner, the `user.` attributes or, except for a directory, the
   * time of the last write differ.
   */
  readonly metadataOnly?: true;
  /**
   * The command removed the directory and made it anew: nothing of the old one shows through, nor of the directories
   * below, which do not say it again. What of the old one is not in the new one is listed as deleted.
   */
  readonly opaque?: true;
}
