import { IsolateError } from '../sys/index.js';
import { codeOf } from './files.js';
import { helpFor } from './help.js';

/**
 * What was done with a group when the kernel refused: `create` is mkdir(2); `enable` a write to `cgroup.subtree_control`; `write` one of a limit;
 * `read` of any file; `attach` a write to `cgroup.procs`; `freeze` to `cgroup.freeze` or `freezer.state`; `kill` to `cgroup.kill`, or a signal;
 * `remove` is rmdir(2); `watch` is inotify(7), `cgroup.event_control` or a `….pressure` file.
 */
export type CgroupAction = 'create' | 'enable' | 'write' | 'read' | 'attach' | 'freeze' | 'kill' | 'remove' | 'watch';

/** @internal */
export interface CgroupErrorParts {
  readonly action: CgroupAction;
  readonly path: string;
  readonly value?: string | undefined;
  readonly field?: string | undefined;
  readonly documentation?: string | undefined;
  /** In the place of what is known about the code. */
  readonly help?: string | undefined;
}

/**
 * The kernel refused something with a control group. `code` is the name of the error, as `EBUSY`; `message` says all of it. See cgroups(7), errno(3).
 */
export class CgroupError extends IsolateError {
  /** What was done: `create` a group, `enable` controllers, `write` a limit, `attach` a process, … */
  readonly action: CgroupAction;
  /** The directory or the file. */
  readonly path: string;
  /** What was written to it; undefined where nothing was. */
  readonly value: string | undefined;
  /** The limit that it was for, as `memory.max`; undefined where it was for none. */
  readonly field: string | undefined;
  /** The way out, where it is known. */
  readonly help: string | undefined;

  /** @internal */
  constructor(parts: CgroupErrorParts, code: string, problem?: string, options?: ErrorOptions) {
    const { action, path, value, field, documentation } = parts;
    const help = parts.help ?? helpFor(action, code, path);
    const written = value === undefined ? '' : ` ${JSON.stringify(value)}`;
    const lines = [
      `${action} ${path}${written} failed: ${code}${problem === undefined ? '' : `: ${problem}`}`,
      ...(field === undefined ? [] : [`  from  ${field}`]),
      ...(help === undefined ? [] : [`  help  ${help}`]),
      ...(documentation === undefined ? [] : [`  see   ${documentation}`]),
    ];
    super(code, lines.join('\n'), options);
    this.action = action;
    this.path = path;
    this.value = value;
    this.field = field;
    this.help = help;
  }
}

/** The error of the file system as one of ours. */
export function cgroupError(parts: CgroupErrorParts, error: unknown): CgroupError {
  if (error instanceof CgroupError) return error;
  const problem = error instanceof Error ? /^\w+: ([^,]*)/.exec(error.message)?.[1] : undefined;
  return new CgroupError(parts, codeOf(error), problem, { cause: error });
}
