import {
  FSMOUNT,
  FSOPEN,
  fsconfig_cmd_create,
  fsconfig_set_flag,
  fsconfig_set_string,
  fsmount,
  fsopen,
  Late,
  mount,
  type Operand,
  type Step,
  type Stored,
} from '../../sys/index.js';
import { attributeBits, type MountAttributes, mountFlags } from './attributes.js';

/** A file system that is made anew, as tmpfs or proc: see filesystems(5). */
export interface NewFileSystem {
  readonly type: string;
  /** Its own options: `true` for one that has no value. */
  readonly options: Readonly<Record<string, string | Late<string> | true>>;
  readonly attributes: MountAttributes;
}

/**
 * Steps that make a file system and a mount of it, which is attached nowhere yet.
 *
 * Equivalent to the first half of: `mount -t TYPE -o OPTIONS none TARGET`. See fsopen(2), fsconfig(2) and fsmount(2).
 */
export function makeFileSystem({ type, options, attributes }: NewFileSystem): { steps: Step[]; mounted: Stored } {
  const context = fsopen.step(type, FSOPEN.CLOEXEC);
  const configure = Object.entries(options).map(([key, value]) =>
    value === true ? fsconfig_set_flag.step(context.result, key) : fsconfig_set_string.step(context.result, key, value),
  );
  const made = fsmount.step(context.result, FSMOUNT.CLOEXEC, attributeBits(attributes).set);
  return { steps: [context, ...configure, fsconfig_cmd_create.step(context.result), made], mounted: made.result };
}

/** A step that does the same with mount(2), at once attached to a path. */
export function mountFileSystem({ type, options, attributes }: NewFileSystem, target: Operand<string>): Step {
  const data = Object.keys(options).length === 0 ? null : joined(options);
  return mount.step(type, target, type, mountFlags(attributes).set, data);
}

/** The options as mount(2) takes them: in one string, part of which may be known only at the launch. */
function joined(options: NewFileSystem['options']): string | Late<string> {
  const entries = Object.entries(options);
  const late = entries.map(([, value]) => value).filter((value) => value instanceof Late);
  const join = (shown: (value: Late<string>) => string) =>
    entries
      .map(([key, value]) => (value === true ? key : `${key}=${value instanceof Late ? shown(value) : value}`))
      .join(',');
  if (late.length === 0) return join(String);
  const names = late.flatMap((value) => value.names);
  return new Late<string>(names, JSON.stringify(join((value) => value.shown)), (...numbers) =>
    join((value) => value.make(...value.names.map((name) => numbers[names.indexOf(name)] as number))),
  );
}
