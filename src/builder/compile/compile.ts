import { flagsOf } from '../../ns/index.js';
import { SpecError } from '../../sys/index.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { assemble } from './assemble.js';
import { checkCommand, checkSpec } from './check.js';
import { descriptorsOf } from './descriptors.js';
import { planExec } from './exec.js';
import { planFiles } from './files/plan-files.js';
import { planGroup } from './group.js';
import type { GroupWay } from './group-way.js';
import { planIdentify, planIdentifyJoined } from './identify.js';
import { identityOf } from './ids.js';
import { planInit } from './init.js';
import { assembleInside } from './inside.js';
import { goOnInSecond, type JoinPlan, planJoin } from './join.js';
import { joinedHost, somebodyInside } from './joined-host.js';
import { closeOthers, planParent, planSession } from './life.js';
import { prepare, setUp } from './prepare.js';
import { planStdio } from './stdio.js';
import { planTerminal } from './terminal.js';

/** Whether the command runs below an init of ours, and not as the first process of its PID namespace. */
export function hasInit(spec: ProcessSpec): boolean {
  return spec.unshare.includes('pid') && spec.asPid1 !== true;
}

/** What a plan is to do besides what the spec says. */
export interface CompileOptions {
  /** It finds out which namespaces the command is in. */
  readonly identify?: boolean;
  /** How the command gets into its control group, where that is there. */
  readonly group?: GroupWay | undefined;
}

/**
 * Turns a spec and a command into the ordered list of what the kernel will be asked. Pure: it looks at nothing but its
 * arguments, and does nothing.
 *
 * @throws SpecError - what was asked for cannot be, on a host like this.
 */
export function compile(spec: ProcessSpec, command: Command, host: Host, options: CompileOptions = {}): Plan {
  checkCommand(spec, command);
  const join = planJoin(spec, host);
  return join?.byInit
    ? compileJoined(spec, command, host, join, options)
    : compileNew(spec, command, host, join, options);
}

/** In new namespaces, after some of others have been joined where the spec asks for that. */
function compileNew(
  spec: ProcessSpec,
  command: Command,
  host: Host,
  join: JoinPlan | undefined,
  options: CompileOptions,
): Plan {
  checkSpec(spec, host);
  const files = planFiles(spec, host, identityOf(spec, host));
  const group = planGroup(spec, host, options.group);
  const prepared = prepare(spec, host, files, group);
  const { namespaces } = prepared;
  const identify = options.identify ? planIdentify(spec, host, namespaces.isForked) : undefined;
  const entries = descriptorsOf(spec);
  const init = hasInit(spec) ? planInit('serve', spec, entries.length) : undefined;
  const terminal = planTerminal(spec, host, identityOf(spec, host), files.terminals);
  const stdio = planStdio(entries, { terminal: terminal?.end, carried: init?.sources });
  const inSecond = join !== undefined && namespaces.kinds.length > 0;
  if (inSecond && namespaces.isForked) {
    throw new SpecError(
      'join',
      'before Linux 6.3 it does not go together with a time namespace',
      "leave that out: .share('time')",
    );
  }
  const exec = planExec(spec, command, host);
  return assemble(spec, {
    prepared,
    files,
    group,
    cloneFlags: inSecond ? 0 : flagsOf(namespaces.kinds),
    inSecond,
    stdio,
    before: join?.before ?? [],
    after: join?.after ?? [],
    child: [
      ...stdio.early,
      ...prepared.maps.letGo,
      ...(join === undefined ? [] : [join.enter(join.opened)]),
      ...(inSecond ? [goOnInSecond(flagsOf(namespaces.kinds), namespaces.from)] : []),
      ...setUp(prepared, files, {
        before: [...(identify?.sections ?? []), ...(terminal?.beforeFiles ?? [])],
        after: terminal?.afterFiles,
      }),
      ...(terminal === undefined || init !== undefined ? planSession(spec) : []),
      ...(init === undefined ? planParent(spec) : []),
      // After everything that uses a descriptor of the launch itself: those of the command may take its place.
      ...stdio.child,
      closeOthers(entries.length + (init?.sources.length ?? 0), namespaces.isForked),
      ...(init === undefined ? [...(terminal?.session ?? []), ...group.rlimits] : []),
    ],
    init: init && {
      ...init,
      command: [closeOthers(entries.length, false), ...(terminal?.session ?? planSession(spec)), ...group.rlimits],
    },
    command: { command, exec },
    identify,
  });
}

/** In namespaces of others, in which they could look into what enters. */
function compileJoined(
  given: ProcessSpec,
  command: Command,
  host: Host,
  join: JoinPlan,
  options: CompileOptions,
): Plan {
  const spec = somebodyInside(given, host, join.kinds);
  const inside = joinedHost(spec, host, join.kinds);
  checkSpec(spec, inside);
  const view = { hasView: join.kinds.includes('mount'), at: () => undefined };
  const identify = options.identify ? planIdentifyJoined(join, host) : undefined;
  return assembleInside(spec, command, host, {
    prepared: prepare(spec, inside, view),
    group: planGroup(spec, host, options.group),
    doors: join.opened,
    enter: join.enter,
    before: [...join.before, ...(identify?.sections ?? [])],
    after: join.after,
    identify,
  });
}
