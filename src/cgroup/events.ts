import { SpecError } from '../sys/index.js';
import type { CgroupError } from './errors.js';

/**
 * Something that happened in a group: how often since it was made, and what was known right after. What is counted, and of which groups, is told by
 * {@link CgroupCounters}. See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory.
 */
export type CgroupEvent =
  | {
      /** The OOM killer ended a process. */
      readonly kind: 'oom-kill';
      /** `oom_kill` of `memory.events`; in v1 of `memory.oom_control`. */
      readonly count: number;
      /** Bytes: `memory.max`; in v1 `memory.limit_in_bytes`. */
      readonly limit: number | 'max' | undefined;
      /** Bytes: `memory.peak`, undefined before Linux 5.19; in v1 `memory.max_usage_in_bytes`. */
      readonly peak: number | undefined;
    }
  | {
      /** A fork failed with EAGAIN, since the limit was reached. */
      readonly kind: 'fork-refused';
      /** `max` of `pids.events`. */
      readonly count: number;
      /** Processes and threads: `pids.max`. */
      readonly limit: number | 'max' | undefined;
    }
  | {
      /** The group is above `memory.high`, and is slowed down. v2 only. */
      readonly kind: 'memory-high';
      /** `high` of `memory.events`. */
      readonly count: number;
    }
  | {
      /**
       * The last process has left the group, and those below: `populated 0` in `cgroup.events`. The kernel tells so in v2. A group that is in v1
       * alone is looked at when something else may have happened, as every 250 ms with the pids controller.
       */
      readonly kind: 'empty';
    }
  | {
      /** The group cannot be read: there are no more descriptors, or it is somebody else's now. What happens is told when it can be read again. */
      readonly kind: 'unreadable';
      /** What reading it has met: `path` is the file, `code` as EMFILE or EACCES. */
      readonly error: CgroupError;
    };

/** Watching a group, or its pressure. `close` ends it; so does `using`. See inotify(7), poll(2). */
export interface CgroupWatch extends Disposable {
  /** Ends it: the listener is not called any more. Once more does nothing. */
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
