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
    };

/** Watching a group, or its pressure. `close` ends it; so does `using`. */
export interface CgroupWatch extends Disposable {
  close(): void;
}
