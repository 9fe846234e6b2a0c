import { SpecError } from '../../sys/index.js';
import type { CommandGroup } from './command-group.js';

/** @throws SpecError - there is no group to change or to measure. */
export function requireGroup(group: CommandGroup | undefined, whose: 'command' | 'box', field: string): CommandGroup {
  if (group !== undefined) return group;
  throw new SpecError(
    field,
    `the ${whose} has no control group of its own`,
    'give it one: .limits({ … }), or .cgroup({})',
  );
}
