import { SpecError } from '../sys/index.js';
import type { CgroupError } from './errors.js';

/** Something that happened in a group: how often since it was made, and what was known right after. */
export type CgroupEvent =
  | {
      /** The OOM killer ended a process. */
      readonly kind: 'oom-kill';
      readonly count: number;
      /** Bytes. */
      readonly limit: number | 'max' | undefined;
      readonly peak: number | undefined;
    }
  | {
      /** A fork failed with EAGAIN, since the limit was reached. */
      readonly kind: 'fork-refused';
      readonly count: number;
      readonly limit: number | 'max' | undefined;
    }
  | {
      /** The group is above `memory.high`, and is slowed down. */
      readonly kind: 'memory-high';
      readonly count: number;
    }
  | {
      /** The last process has left the group. Told with cgroup v2 only. */
      readonly kind: 'empty';
    }
  | {
      /** The group cannot be read: there are no more descriptors, or it is somebody else's now. What happens is told when it can be read again. */
      readonly kind: 'unreadable';
      readonly error: CgroupError;
    };

/** Watching a group, or its pressure. `close` ends it; so does `using`. */
export interface CgroupWatch extends Disposable {
  close(): void;
}

/**
 * Refuses what cannot be called back.
 *
 * @throws SpecError - it is no function.
 */
export function checkListener(listener: unknown): void {
  if (typeof listener !== 'function') throw new SpecError('listener', 'it is no function', 'give what is called back');
}
