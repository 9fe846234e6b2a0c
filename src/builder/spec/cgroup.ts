import { checkRecord, isRecord } from '../../cgroup/check-record.js';
import type { CgroupPart, ControllerName } from '../../cgroup/index.js';
import { checkMoveAll, readControllers } from '../../cgroup/options.js';
import { readParts } from '../../cgroup/read-parts.js';
import { SpecError } from '../../sys/index.js';
import { shown } from '../../sys/shown.js';

/** The control group of a command: one that is there, or how its own is made. */
export interface CgroupSpec {
  /** A group that is there, by its path as `/proc/PID/cgroup` has it: it is looked for in every hierarchy. */
  readonly path?: string;
  /** A group that is there, by its directories. */
  readonly parts?: readonly CgroupPart[];
  /** That group is of a box, and goes with it. */
  readonly isOfBox?: true;
  /** The group in which one is made. */
  readonly parent?: string | { readonly parts: readonly CgroupPart[] };
  /** The slice of systemd in which this program has a scope, and makes one. */
  readonly slice?: string;
  /** What that is called. */
  readonly name?: string;
  /** Controllers that measure only. */
  readonly controllers?: readonly ControllerName[] | 'available';
  /** Processes of others are moved too, where the group of this program has to be emptied. */
  readonly moveAll?: true;
}

/** Which control group a command is to be in. See cgroups(7). */
export type CgroupInput =
  /** One that is there, and stays: made by `openCgroup` of `linux-isolate/cgroup`, or any by its path. */
  | { readonly parts: readonly CgroupPart[] }
  | { readonly path: string }
  /** One that is made for each command or box, and removed with it. */
  | {
      /** In which it is made: a path as `/proc/PID/cgroup` has it, or a group of `openCgroup`. Left out, in that of this program. */
      readonly parent?: string | { readonly parts: readonly CgroupPart[] };
      /**
       * The slice of systemd in which it is made, as `'jobs.slice'`: this program is moved into a scope there that is delegated to it. For root
       * it is one of the system, for any other user one of the own.
       */
      readonly slice?: string;
      /** What it is called: there can be one of a name at a time, and it does not begin with `isolate-`. */
      readonly name?: string;
      /**
       * Controllers that measure, beside those that limit; or of cpu, io, memory and pids as many as can be had, and not none. In v2 they are
       * written to `cgroup.subtree_control` of the group above.
       */
      readonly controllers?: readonly ControllerName[] | 'available';
      /** Whether processes of others may be moved, too, where the group of this program has to be emptied. */
      readonly moveAll?: boolean;
    };

const known = ['path', 'parts', 'parent', 'slice', 'name', 'controllers', 'moveAll'] as const;

/**
 * What a spec says of a group.
 *
 * @throws SpecError - it says nothing of the kind, or two things that cannot both be.
 */
export function readCgroup(input: CgroupInput): CgroupSpec {
  const help = "give { path: '/jobs' }, { parent: '/jobs' } or a group";
  checkRecord('cgroup', input, { what: 'options of a group', help, known });
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as CgroupSpec;
  const { path, parts, parent, slice, name, controllers, moveAll } = given;
  const there = (['path', 'parts'] as const).find((one) => given[one] !== undefined);
  const more = there && Object.keys(given).find((one) => one !== there);
  if (more !== undefined) {
    throw new SpecError('cgroup', `a group that is there has no ${more} to choose`, 'leave one of the two out');
  }
  if (parts !== undefined) return { parts: readParts('cgroup', parts) };
  if (path !== undefined) return { path };
  if (slice !== undefined && parent !== undefined) {
    throw new SpecError('cgroup', 'a scope in a slice is the parent', 'leave one of parent and slice out');
  }
  if (moveAll !== undefined) checkMoveAll(moveAll);
  return {
    ...(parent === undefined ? {} : { parent: readParent(parent) }),
    ...(slice === undefined ? {} : { slice }),
    ...(name === undefined ? {} : { name }),
    ...(controllers === undefined ? {} : { controllers: readControllers(controllers) }),
    ...(moveAll ? { moveAll: true } : {}),
  };
}

/** Whether there is such a path is asked when a group is made there. */
function readParent(parent: unknown): NonNullable<CgroupSpec['parent']> {
  if (isRecord(parent)) return { parts: readParts('parent', parent.parts) };
  if (typeof parent === 'string') return parent;
  throw new SpecError('parent', `${shown(parent)} is no group`, "give a path as '/services/mine', or a group");
}
