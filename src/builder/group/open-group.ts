import { Cgroup, CgroupError, type CgroupOptions } from '../../cgroup/index.js';
import { openNamed } from '../../cgroup/open.js';
import { copyOf } from '../../cgroup/read-parts.js';
import { removeStale } from '../../cgroup/stale.js';
import { Patience, usualDeadline } from '../../cgroup/waiting.js';
import { SpecError } from '../../sys/index.js';
import { groupOptions, isJoined } from '../spec/group-of.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { freeze } from '../spec/read-spec.js';
import { forgetAccess, knownAccess, thisHostCgroups } from '../this-host-cgroups.js';
import { CommandGroup } from './command-group.js';

/**
 * Opens the group that a spec asks for: makes it, or finds it.
 *
 * @param name - what it is called where the spec says nothing of that.
 * @throws SpecError - it cannot be had. CgroupError - the kernel refused. Nothing is left of it in either case.
 */
export async function openGroup(spec: ProcessSpec, name?: string): Promise<CommandGroup> {
  if (isJoined(spec)) return new CommandGroup(find(spec), 'joined');
  const options = groupOptions(spec);
  void removeLeft();
  try {
    return new CommandGroup(await openNamed({ ...options, access: knownAccess() }, name), 'own');
  } catch (error) {
    if (!mayHaveMoved(error, options)) throw error;
    forgetAccess();
    return new CommandGroup(await openNamed({ ...options, access: knownAccess() }, name), 'own');
  }
}

function find({ cgroup }: ProcessSpec): Cgroup {
  const { path, parts = path === undefined ? undefined : thisHostCgroups.find(path) } = cgroup ?? {};
  if (parts === undefined) throw new SpecError('cgroup', `there is no group ${path}`, 'it was there before');
  return new Cgroup(parts, {});
}

/** The group of a box that another program may have opened. */
export function groupOfFound(spec: ProcessSpec): CommandGroup | undefined {
  if (!isJoined(spec)) return undefined;
  return new CommandGroup(find(spec), spec.cgroup?.isOfBox ? 'own' : 'joined');
}

/** The spec that others are told of a box: its group is there by now. */
export function specWithGroup(spec: ProcessSpec, group: CommandGroup | undefined): ProcessSpec {
  if (group?.kind !== 'own') return spec;
  const { limits: _, ...others } = spec;
  return freeze<ProcessSpec>({ ...others, cgroup: { parts: group.cgroup.parts.map(copyOf), isOfBox: true } });
}

/** What was known of the control groups of this program may not be so any more. A name that is taken is taken. */
function mayHaveMoved(error: unknown, { parent }: CgroupOptions): boolean {
  return parent === undefined && error instanceof CgroupError && error.code !== 'EEXIST';
}

let removing: Promise<unknown> | undefined;

/** For so long this program is kept from its end, milliseconds: what is killed, and not gone by then, is stuck. */
const keptFromEnd = 500;

/** Once, when a program makes its first group: what others left that were killed. What cannot be removed is not its business. */
function removeLeft(): Promise<unknown> {
  const patience = () => new Patience(usualDeadline, keptFromEnd);
  removing ??= removeStale({ access: knownAccess() }, patience).catch(() => {});
  return removing;
}
