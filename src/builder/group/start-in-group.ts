import { resolve } from 'node:path/posix';
import { isDeepStrictEqual } from 'node:util';
import { CgroupError } from '../../cgroup/index.js';
import { type LateValues, type LaunchTurn, SpecError } from '../../sys/index.js';
import type { Entrance, GroupWay } from '../compile/group-way.js';
import { StepError } from '../errors/step-error.js';
import type { Plan } from '../plan.js';
import type { Started } from '../process/start.js';
import { groupOptions } from '../spec/group-of.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { thisHostCgroups } from '../this-host-cgroups.js';
import { checkEnterable } from './check-enterable.js';
import type { CommandGroup } from './command-group.js';
import { openGroup } from './open-group.js';
import { enterScope } from './scope.js';

/** A launch that begins in a control group. */
export interface LaunchInGroup {
  readonly spec: ProcessSpec;
  readonly host: Pick<Host, 'cloneIntoCgroup'>;
  /** A group that is there already, and is shared. */
  readonly shared: CommandGroup | undefined;
  /** What a new one is called, where the spec says nothing of that. */
  readonly name?: string | undefined;
  /** The plan for it; with no way, that which the host lets foresee. */
  planWith(way: GroupWay | undefined): Plan;
  start(plan: Plan, values: LateValues, turn?: LaunchTurn): Promise<Started>;
}

/** What has become of it. */
export interface StartedInGroup {
  readonly started: Started;
  readonly plan: Plan;
  /** Undefined where there can be none, and its processes are limited one by one. */
  readonly group: CommandGroup | undefined;
}

/** How the last launch of a spec got into its group. */
const lastWays = new WeakMap<ProcessSpec, GroupWay>();

/** Makes the group of a spec, and starts a process in it. Where that fails, a group of its own is removed again. */
export async function startInGroup(launch: LaunchInGroup): Promise<StartedInGroup> {
  const { spec, shared, name, planWith, host } = launch;
  const canClone = host.cloneIntoCgroup;
  const place = async () => {
    // What cannot be is an error before there is a group.
    const foreseen = shared === undefined ? await planInPlace(spec, planWith) : planWith(shared.wayInto(canClone));
    if (foreseen.parts.group.way === 'rlimits') return { foreseen };
    try {
      return { foreseen, group: shared?.share() ?? (await openGroup(spec, name)) };
    } catch (error) {
      if (spec.limitsFallback === undefined || !saysThereCanBeNone(error)) throw error;
      return { foreseen: planWith('rlimits') };
    }
  };
  const { foreseen, group } = await (spec.cgroup?.slice === undefined ? place() : oneByOne(place));
  if (group === undefined) return withoutGroup(launch, foreseen);
  try {
    const way = group.wayInto(canClone);
    lastWays.set(spec, way);
    const plan = isDeepStrictEqual(foreseen.parts.group.way, way) ? foreseen : planWith(way);
    return { ...(await enter(launch, group, plan, way)), group };
  } catch (error) {
    await group.end();
    throw error;
  }
}

let placed: Promise<unknown> = Promise.resolve();

/** This program is in one slice at a time: it is not moved to another before a group is made where it is. */
function oneByOne<T>(place: () => Promise<T>): Promise<T> {
  const turn = placed.then(place);
  placed = turn.catch(() => {});
  return turn;
}

/** What the kernel says where a program may make no groups. */
const noneToBeHad = ['EROFS', 'EACCES', 'EPERM', 'EBUSY', 'ENOENT', 'ENODEV', 'ENOTSUP', 'EOPNOTSUPP'];

/** Whether there can be no group at all: what is wrong with the one that is asked for, as its name, is no reason to do without. */
function saysThereCanBeNone(error: unknown): boolean {
  return error instanceof CgroupError && error.action !== 'write' && noneToBeHad.includes(error.code);
}

/**
 * Where a spec asks for a slice of systemd, or this program may make no groups where it is and systemd can give it a place of its own, it is
 * moved there. A fall-back comes after that. What is wrong with the spec itself is told before.
 *
 * @returns the plan, as the host lets it be foreseen then.
 * @throws SpecError - what was asked for cannot be.
 */
export async function planInPlace(spec: ProcessSpec, planWith: LaunchInGroup['planWith']): Promise<Plan> {
  const foresee = () => planWith(lastWays.get(spec));
  const plan = foresee();
  if (plan.parts.group.moved.length === 0) return plan;
  const slice = spec.cgroup?.slice;
  try {
    await enterScope(slice);
  } catch (error) {
    if (slice !== undefined) throw error;
    if (spec.limitsFallback !== undefined) return planWith('rlimits');
    const [refusal] = thisHostCgroups.plan(groupOptions(spec)).refusals;
    throw new SpecError(refusal?.field ?? 'cgroup', (error as Error).message, refusal?.help);
  }
  return foresee();
}

async function withoutGroup({ start }: LaunchInGroup, plan: Plan): Promise<StartedInGroup> {
  return { started: await start(plan, {}), plan, group: undefined };
}

/** Why a process may not be born into a group, and be let in all the same: clone(2), and filters of seccomp. */
const cloneRefusals = ['ENOSYS', 'EBUSY', 'EACCES', 'EPERM', 'EOPNOTSUPP', 'EINVAL', 'E2BIG'];

async function enter(
  { planWith, start }: LaunchInGroup,
  group: CommandGroup,
  plan: Plan,
  way: readonly Entrance[],
): Promise<Omit<StartedInGroup, 'group'>> {
  const startBy = (way: readonly Entrance[], plan: Plan) =>
    group.whileOpen(way, (values) => start(plan, values, turnInto(group, way)));
  try {
    return { started: await startBy(way, plan), plan };
  } catch (error) {
    if (!way.includes('clone') || !isCloneRefused(error)) throw error;
    const byWriting = group.wayInto(false);
    const other = planWith(byWriting);
    return { started: await startBy(byWriting, other), plan: other };
  }
}

/** Into a group that others are in, too, one goes at a time: it can be full with the one before, and whoever is in there can hold up those that come. */
function turnInto({ kind, cgroup }: CommandGroup, way: readonly Entrance[]): LaunchTurn {
  if (kind === 'own') return {};
  return { places: cgroup.paths.map((path) => resolve(path)), onTurn: () => checkEnterable(cgroup, way) };
}

function isCloneRefused(error: unknown): boolean {
  return error instanceof StepError && error.syscall === 'clone3' && cloneRefusals.includes(error.code);
}
