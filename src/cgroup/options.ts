import { SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';
import type { CgroupAccess } from './access.js';
import { checkKnown, checkRecord, isRecord } from './check-record.js';
import { type ControllerName, controllerNames } from './controllers/controller.js';
import type { CgroupLimits } from './limits.js';
import { checkName } from './name.js';
import type { CgroupPart } from './part.js';

/** What a new group is to be. See cgroups(7). */
export interface CgroupOptions {
  /** Its limits; none if not given. */
  readonly limits?: CgroupLimits;
  /**
   * Controllers that are to measure, beside those that limit; or of cpu, io, memory and pids as many as can be had, and not none. In v2 they are
   * written to `cgroup.subtree_control` of the group above.
   */
  readonly controllers?: readonly ControllerName[] | 'available';
  /**
   * What it is called: nothing that begins with `isolate-`. Without a name it gets one that tells who made it, and goes by that when the program is
   * gone: see {@link removeStaleCgroups}.
   */
  readonly name?: string;
  /**
   * The group that it is made in: another one of ours, or a path as `/proc/PID/cgroup` has it, `/services/mine`, of a group that you
   * answer for. If not given, that of this program, where it may.
   */
  readonly parent?: string | { readonly parts: readonly CgroupPart[] };
  /**
   * Whether processes that have nothing to do with this program may be moved as well, where its group has to be emptied. Those that it
   * descends from, and what they have started, are moved in any case. `false` if not given. v2 only: `isolate-self/cgroup.procs`.
   */
  readonly moveAll?: boolean;
  /** What {@link cgroupAccess} has told, for who has asked already. */
  readonly access?: CgroupAccess;
}

const optionNames = [
  'limits',
  'controllers',
  'name',
  'parent',
  'moveAll',
  'access',
] as const satisfies readonly (keyof CgroupOptions)[];

/**
 * Refuses what are no options of a group, down to their kinds. What limits and a parent have to be is looked at where they are read.
 *
 * @param known - those that there are.
 * @throws SpecError - an option that there is none of, or one of another kind.
 */
export function checkOptions(options: unknown, known: readonly (keyof CgroupOptions)[] = optionNames): void {
  checkRecord('options', options, {
    what: 'options',
    help: "give an object, as { limits: { memory: { max: '256M' } } }",
    known,
  });
  const { name, controllers, moveAll, access } = options as CgroupOptions;
  if (name !== undefined) checkName(name);
  if (controllers !== undefined) readControllers(controllers);
  if (moveAll !== undefined) checkMoveAll(moveAll);
  if (access !== undefined && !(isRecord(access) && Array.isArray(access.bases) && isRecord(access.controllers))) {
    throw new SpecError('access', `${shown(access)} is not what cgroupAccess tells`, 'leave it out');
  }
}

/** @throws SpecError - it is no list of controllers. */
export function readControllers(
  controllers: readonly ControllerName[] | 'available',
): readonly ControllerName[] | 'available' {
  if (controllers === 'available') return controllers;
  if (!Array.isArray(controllers)) {
    throw new SpecError(
      'controllers',
      `${shown(controllers)} is no list`,
      "give one as ['memory', 'pids'], or 'available'",
    );
  }
  for (const name of controllers) checkKnown('controllers', name, controllerNames);
  return [...controllers];
}

/** @throws SpecError - it is neither true nor false. */
export function checkMoveAll(moveAll: unknown): void {
  if (typeof moveAll !== 'boolean')
    throw new SpecError('moveAll', `${shown(moveAll)} is neither true nor false`, 'give one of the two');
}
