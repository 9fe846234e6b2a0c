import type { CgroupPart, ControllerName } from '../../cgroup/index.js';
import { SpecError } from '../../sys/index.js';

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
  readonly controllers?: readonly ControllerName[];
  /** Processes of others are moved too, where the group of this program has to be emptied. */
  readonly moveAll?: true;
}

/** Which control group a command is to be in. */
export type CgroupInput =
  /** One that is there, and stays: made by `openCgroup` of `linux-isolate/cgroup`, or any by its path. */
  | { readonly parts: readonly CgroupPart[] }
  | { readonly path: string }
  /** One that is made for each command or box, and removed with it. */
  | {
      /** In which it is made: a path, or a group of `openCgroup`. Left out, in that of this program. */
      readonly parent?: string | { readonly parts: readonly CgroupPart[] };
      /**
       * The slice of systemd in which it is made, as `'jobs.slice'`: this program is moved into a scope there that is delegated to it. For root
       * it is one of the system, for any other user one of the own.
       */
      readonly slice?: string;
      /** What it is called: there can be one of a name at a time. */
      readonly name?: string;
      /** Controllers that measure, beside those that limit. */
      readonly controllers?: readonly ControllerName[];
      /** Whether processes of others may be moved, too, where the group of this program has to be emptied. */
      readonly moveAll?: boolean;
    };

const known = ['path', 'parts', 'parent', 'slice', 'name', 'controllers', 'moveAll'] as const;

/** What a spec says of a group. */
export function readCgroup(input: CgroupInput): CgroupSpec {
  if (typeof input !== 'object' || input === null) {
    throw new SpecError(
      'cgroup',
      `${JSON.stringify(input)} is no group`,
      "give { path: '/jobs' }, { parent: '/jobs' } or a group",
    );
  }
  if ('parts' in input && input.parts !== undefined) return { parts: input.parts.map(copyOf) };
  for (const name of Object.keys(input)) {
    if (!(known as readonly string[]).includes(name)) {
      throw new SpecError('cgroup', `there is no ${JSON.stringify(name)}`, `there are ${known.join(', ')}`);
    }
  }
  if ('path' in input && input.path !== undefined) {
    const more = Object.keys(input).find((name) => name !== 'path');
    if (more !== undefined) {
      throw new SpecError('cgroup', `a group that is there has no ${more} to choose`, 'leave one of the two out');
    }
    return { path: input.path };
  }
  const { parent, slice, name, controllers, moveAll } = input as Exclude<
    CgroupInput,
    { path: string } | { parts: unknown }
  >;
  if (slice !== undefined && parent !== undefined) {
    throw new SpecError('cgroup', 'a scope in a slice is the parent', 'leave one of parent and slice out');
  }
  return {
    ...(parent === undefined
      ? {}
      : { parent: typeof parent === 'string' ? parent : { parts: parent.parts.map(copyOf) } }),
    ...(slice === undefined ? {} : { slice }),
    ...(name === undefined ? {} : { name }),
    ...(controllers === undefined ? {} : { controllers: [...controllers] }),
    ...(moveAll ? { moveAll: true } : {}),
  };
}

/** A part as data. */
export function copyOf({ version, controllers, directory }: CgroupPart): CgroupPart {
  return { version, controllers: [...controllers], directory };
}
