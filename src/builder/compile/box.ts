import { flagsOf, joinProcess } from '../../ns/index.js';
import { late, SpecError, setsid } from '../../sys/index.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { assemble } from './assemble.js';
import { checkCommand, checkSpec } from './check.js';
import type { CompileOptions } from './compile.js';
import { planFiles } from './files/plan-files.js';
import { enterGroup, type GroupPlan, noGroup, planGroup } from './group.js';
import type { GroupWay } from './group-way.js';
import { identityOf } from './ids.js';
import { planInit } from './init.js';
import { assembleInside } from './inside.js';
import { closeOthers } from './life.js';
import { prepare, setUp, type View } from './prepare.js';
import { methodCall, section } from './section.js';
import { planStdio } from './stdio.js';

/** The name of the value that is the socket by which the name of a box is held. */
export const nameValue = 'name';

/** What of a box does not come from its spec. */
export interface BoxOptions {
  /** It has a name, whose socket its init keeps. */
  readonly isNamed?: boolean;
  /** How it gets into its control group, where that is there. */
  readonly group?: GroupWay | undefined;
}

/**
 * What is done to open a box: the namespaces of a spec are made, and an init of ours keeps them. That one has nothing to read and
 * nothing to say: no standard descriptors.
 *
 * @throws SpecError - as {@link compile}; or the spec has no new namespaces.
 */
export function compileBox(spec: ProcessSpec, host: Host, options: BoxOptions = {}): Plan {
  const { isNamed = false } = options;
  if (spec.unshare.length === 0) {
    throw new SpecError('unshare', 'there are no new namespaces that a box could keep', "add some: .unshare('pid', …)");
  }
  if (spec.join !== undefined) {
    throw new SpecError(
      'join',
      'a box keeps only namespaces of its own',
      'join those of others with .spawn() or .run()',
    );
  }
  refuseAsPid1(spec);
  checkSpec(spec, host);
  const files = planFiles(spec, host, identityOf(spec, host));
  const group = planGroup(spec, host, options.group);
  const prepared = prepare(spec, host, files, group);
  // Before all that it needs for itself: what is there it keeps.
  const kept = isNamed ? [late(nameValue, '<name>')] : [];
  const init = planInit('hold', spec, kept.length);
  const carried = [...kept, ...init.sources];
  const stdio = planStdio([], { carried });
  return assemble(spec, {
    prepared,
    files,
    group,
    cloneFlags: flagsOf(prepared.namespaces.kinds),
    stdio,
    child: [
      ...stdio.early,
      ...prepared.maps.letGo,
      ...setUp(prepared, files),
      section(
        methodCall('open'),
        setsid.step().because('nothing that is typed in a terminal of the caller ends the box'),
      ),
      ...stdio.child,
      closeOthers(carried.length, prepared.namespaces.isForked),
    ],
    init,
  });
}

/** The name of the value that is a pidfd of the process whose namespaces are joined. */
export const boxValue = 'box';

/**
 * What is done to start a command in a box: init joins its namespaces, and the command becomes what the spec of the box says.
 *
 * @throws SpecError - as {@link compile}.
 */
export function compileInBox(spec: ProcessSpec, command: Command, host: Host, options: CompileOptions = {}): Plan {
  refuseAsPid1(spec);
  checkSpec(spec, host);
  checkCommand(spec, command);
  // The view is there already, and what the host has of its files now is no matter.
  const view: View = { hasView: spec.unshare.includes('mount'), at: () => undefined };
  return assembleInside(spec, command, host, {
    prepared: prepare(spec, host, view),
    group: options.group === undefined ? withoutGroup(spec, host) : enterGroup(spec, options.group),
    doors: [late(boxValue, '<box>')],
    terminals: terminalsOf(spec),
    enter: ([box = -1]) => ({ from: methodCall('open'), steps: [joinProcess(box, spec.unshare)] }),
  });
}

/** A box that could have no control group: its commands are limited one by one, where the spec allows for that. */
function withoutGroup(spec: ProcessSpec, host: Host): GroupPlan {
  return spec.limitsFallback === undefined ? noGroup : planGroup(spec, host, 'rlimits');
}

function refuseAsPid1({ asPid1 }: ProcessSpec): void {
  if (asPid1) throw new SpecError('asPid1', 'process 1 of a box is the init that holds it', 'leave out .asPid1()');
}

/** The directory with the terminals of the box, where it has its own. */
function terminalsOf({ files = [] }: ProcessSpec): string | undefined {
  const [dev] = files.flatMap((entry) => (entry.type === 'dev' ? [entry.target] : []));
  return dev && `${dev}/pts`;
}
