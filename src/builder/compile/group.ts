import type { CgroupPart, CgroupPlan } from '../../cgroup/index.js';
import { limitNamespaces } from '../../ns/index.js';
import { writeFile } from '../../ns/write-file.js';
import { AT, CLONE, execve, late, mkdirat, SpecError, type Step, unshare, write } from '../../sys/index.js';
import type { CloneArgs } from '../../sys/structs/clone-args.js';
import { groupOptions, hasGroup, isJoined } from '../spec/group-of.js';
import type { Host } from '../spec/host.js';
import type { HostScope } from '../spec/host-cgroups.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { entranceValue, type GroupWay, wayInto } from './group-way.js';
import { helpWithFallback, rlimitSections } from './rlimits.js';
import { methodCall, type Section, section } from './section.js';
import { checkShownGroup } from './shown-group.js';

/** The part of a plan that is about the control group of the command. */
export interface GroupPlan {
  readonly way: GroupWay | undefined;
  /** What clone3 is told of it. */
  readonly clone: Pick<CloneArgs, 'flags' | 'cgroup'>;
  /** The first steps of the child. */
  readonly enter: readonly Section[];
  /** A cgroup namespace has to be made when the process is in the group, which is the root of what it sees: not by the clone. */
  readonly makesNamespace: boolean;
  /** Nobody below gets a view of the groups in which those of the command, which are of the same user, could be written. */
  readonly guard: readonly Section[];
  /** By which systemd is asked for a scope, into which this program is moved first. */
  readonly moved: Section | undefined;
  /** What this program does before there is a child. */
  readonly made: Section | undefined;
  /** In the place of a group: the last steps of the command before it is that. */
  readonly rlimits: readonly Section[];
}

/** No group but that of this program. */
export const noGroup: GroupPlan = {
  way: undefined,
  clone: {},
  enter: [],
  makesNamespace: false,
  guard: [],
  moved: undefined,
  made: undefined,
  rlimits: [],
};

/**
 * The group that a spec asks for.
 *
 * @param given - how the command gets into a group that is there by now. Left out, as the host lets foresee.
 * @throws SpecError - it cannot be had: before anything is done.
 */
export function planGroup(spec: ProcessSpec, host: Host, given?: GroupWay): GroupPlan {
  if (!hasGroup(spec)) return noGroup;
  const from = originOf(spec);
  if (isJoined(spec)) {
    const parts = partsOf(spec, host);
    checkShownGroup(spec, parts);
    return enterGroup(spec, given ?? wayInto(parts, host), parts);
  }
  const options = groupOptions(spec);
  const { parent, slice } = spec.cgroup ?? {};
  const here = host.cgroups.plan(options);
  const stays = parent !== undefined || given === 'rlimits' || (slice === undefined && here.refusals.length === 0);
  const scope = stays ? undefined : host.cgroups.scope?.(slice);
  const plan = scope?.plan(options) ?? here;
  const [refusal] = plan.refusals;
  if (spec.limitsFallback !== undefined && (refusal !== undefined || given === 'rlimits')) {
    const problem = refusal?.problem ?? 'the kernel makes no control group';
    checkShownGroup(spec, problem);
    return { ...noGroup, way: 'rlimits', rlimits: rlimitSections(spec, host, problem) };
  }
  if (refusal !== undefined) throw new SpecError(refusal.field, refusal.problem, helpWithFallback(spec, host, refusal));
  checkRoom(spec);
  checkShownGroup(spec, plan.parts);
  const entered = enterGroup(spec, given ?? wayInto(plan.parts, host), plan.parts);
  const moved = scope && section(slice === undefined ? from : methodCall('cgroup', spec.cgroup), askFor(scope, host));
  return { ...entered, moved, made: section(from, ...stepsToMake(plan)) };
}

/** Asks systemd for a scope. Who runs the command is not the caller itself. */
function askFor({ name, file, args }: HostScope, { environment }: Host): Step {
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${value}`,
  );
  return execve
    .step(file, [file, ...args], variables)
    .because(`StartTransientUnit: systemd moves the caller into ${name}, in which it may make groups`);
}

/** How a command gets into a group that is there, as that of its box. */
export function enterGroup(spec: ProcessSpec, way: GroupWay, parts: readonly CgroupPart[] = []): GroupPlan {
  if (way === 'rlimits') return { ...noGroup, way };
  const bornInto = way.indexOf('clone');
  const enter = way.flatMap((entrance, index) => {
    if (entrance === 'clone') return [];
    const directory = parts[index]?.directory;
    const file = late(entranceValue(index), `<${directory === undefined ? '' : `${directory}/`}${entrance}>`);
    return write.step(file, '0').expecting(1).because('it enters its control group before it does anything else');
  });
  return {
    ...noGroup,
    way,
    clone: bornInto < 0 ? {} : { flags: CLONE.INTO_CGROUP, cgroup: late(entranceValue(bornInto), '<cgroup>') },
    enter: enter.length === 0 ? [] : [section(originOf(spec), ...enter)],
    makesNamespace: spec.unshare.includes('cgroup'),
    guard: guardOf(spec),
  };
}

/**
 * A user namespace of the command's own could mount the groups once more, writable, by way of a cgroup namespace of its own; and in a network of
 * its own it could have rings for packets (packet(7)), whose memory counts for nobody. There are to be none. Without a new user namespace the limit
 * would be that of everybody.
 */
function guardOf(spec: ProcessSpec): Section[] {
  if (!spec.unshare.includes('user')) return [];
  return [
    section(
      originOf(spec),
      ...limitNamespaces('cgroup', 0, 'nobody in here is to mount control groups once more, and take away the limits'),
      ...limitNamespaces('net', 0, 'nobody in here is to take memory for packets, which counts for nobody'),
    ),
  ];
}

/** Which method asks for the group. */
function originOf({ limits, cgroup }: ProcessSpec): string {
  return limits === undefined ? methodCall('cgroup', cgroup ?? {}) : methodCall('limits', limits);
}

function partsOf({ limits, cgroup }: ProcessSpec, host: Host): readonly CgroupPart[] {
  if (limits !== undefined) {
    throw new SpecError(
      'limits',
      'the group is there already, and has its own',
      'give limits when it is made; or make one in it: .cgroup({ parent: … })',
    );
  }
  const { path, parts } = cgroup ?? {};
  if (parts !== undefined) return parts;
  if (typeof path !== 'string' || !/^\/+[^/]/.test(path) || path.split('/').includes('..')) {
    throw new SpecError('cgroup', `${JSON.stringify(path)} is no path of a group`, "give one as '/services/mine'");
  }
  const found = host.cgroups.find(path);
  if (found !== undefined) return found;
  const help = path.startsWith('/sys/fs/cgroup/')
    ? 'give the path that /proc/PID/cgroup has, from the root of the hierarchy: no directory of the file system'
    : 'make it first; or let one be made: .cgroup({ parent, name })';
  throw new SpecError('cgroup', `there is no group ${path}`, help);
}

/** The command is a process, and the init above it another. */
function checkRoom({ limits, unshare, asPid1 }: ProcessSpec): void {
  const max = limits?.pids?.max;
  const needed = unshare.includes('pid') && !asPid1 ? 2 : 1;
  if (max === undefined || max === 'max' || max >= needed) return;
  const who = needed === 2 ? 'the command and the init of its PID namespace are 2' : 'the command itself is one';
  throw new SpecError('pids.max', `with ${max} nothing can be started: ${who}`, `give at least ${needed}`);
}

/** What is done to make a group. */
function stepsToMake({ parts, moved, enable, values }: CgroupPlan): Step[] {
  const unified = parts.find(({ version }) => version === 2);
  const base = unified?.directory.replace(/\/[^/]*$/, '');
  return [
    ...(moved === undefined ? [] : stepsToMove(moved)),
    ...(enable.length === 0
      ? []
      : writeFile(
          `${base}/cgroup.subtree_control`,
          enable.map((name) => `+${name}`).join(' '),
          'controllers for groups below',
        )),
    ...parts.map(({ directory }) =>
      mkdirat.step(AT.FDCWD, directory, 0o777).because('a control group for the command'),
    ),
    ...values.flatMap(({ path, value, field, documentation }) =>
      writeFile(path, value, `${field}: see ${documentation}`),
    ),
  ];
}

/** A group of v2 that has processes of its own passes no controllers on: cgroups(7), "no internal processes" rule. */
function stepsToMove({ directory, processes }: NonNullable<CgroupPlan['moved']>): Step[] {
  return [
    mkdirat
      .step(AT.FDCWD, directory, 0o777)
      .because('a leaf for the processes of the group, which is to have controllers below'),
    ...processes.flatMap((pid) => writeFile(`${directory}/cgroup.procs`, String(pid), 'it makes room')),
  ];
}

/** The step by which a process in its group makes that the root of what it sees. */
export function cgroupNamespace(): Step {
  return unshare.step(CLONE.NEWCGROUP).because('its group is the root of the control groups that it sees');
}
