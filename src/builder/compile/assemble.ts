import { Late, program, type Step, type StepKey } from '../../sys/index.js';
import { Plan } from '../plan.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import type { ExecPlan } from './exec.js';
import { placeholders } from './files/classic-calls.js';
import { overlayPlaceholders } from './files/overlay.js';
import type { FilesPlan } from './files/plan-files.js';
import { givenBack } from './give-back.js';
import type { GroupPlan } from './group.js';
import type { IdentifyPlan } from './identify.js';
import type { InitPlan } from './init.js';
import type { Prepared } from './prepare.js';
import type { Section } from './section.js';
import type { StdioPlan } from './stdio.js';

/** The sections of a plan, by who carries them out. */
export interface PlanSections {
  readonly prepared: Prepared;
  /** The view that is made; undefined where the namespaces are those of an earlier launch, and none is made. */
  readonly files?: FilesPlan;
  /** The namespaces that the first child is born into; left out, those of this program. */
  readonly cloneFlags?: number;
  /** The new namespaces are those of a second child, in the place of the first. */
  readonly inSecond?: boolean;
  readonly group: GroupPlan;
  readonly stdio: StdioPlan;
  readonly before?: readonly Section[];
  readonly after?: readonly Section[];
  readonly child: readonly Section[];
  readonly init?: (InitPlan & { readonly command?: readonly Section[] }) | undefined;
  /** How it is found out which namespaces the command is in. Its sections are in the others. */
  readonly identify?: IdentifyPlan | undefined;
  /** Undefined where namespaces are made, and nothing runs in them yet. */
  readonly command?: { readonly command: Command; readonly exec: ExecPlan };
}

/** Puts a plan together, each step with the part of the spec that it comes from. */
export function assemble(spec: ProcessSpec, sections: PlanSections): Plan {
  const { prepared, files, group, stdio, init, command, cloneFlags = 0, inSecond = false } = sections;
  const child = [...group.enter, ...sections.child];
  const { maps, namespaces } = prepared;
  const idmaps = files?.idmaps ?? [];
  const before = [...(sections.before ?? []), ...stdio.before, ...idmaps.map((tree) => tree.before)];
  const after = [...stdio.after, ...idmaps.map((tree) => tree.after), ...(sections.after ?? [])];
  const exec = command?.exec.sections ?? [];
  const childSteps = stepsOf(child);
  const changesCredentials = childSteps.some(({ call }) => call.name === 'setresuid' || call.name === 'setresgid');
  const assembled = program({
    clone: { ...group.clone, flags: cloneFlags + (group.clone.flags ?? 0) },
    before: stepsOf(before),
    child: childSteps,
    ...(init === undefined
      ? {}
      : {
          init: {
            role: init.role,
            descriptors: init.descriptors,
            steps: stepsOf(init.steps),
            command: stepsOf(init.command ?? []),
          },
        }),
    exec: stepsOf(exec),
    after: stepsOf(after),
    changesCredentials,
  });

  const parent = files && maps.parent;
  const origins = new Map<StepKey, string>([
    [assembled.clone.key, cloneFlags === 0 ? 'every launch' : namespaces.from],
  ]);
  const made = group.made === undefined ? [] : [group.made];
  const moved = group.moved === undefined ? [] : [group.moved];
  const all = [
    moved,
    made,
    before,
    child,
    init?.steps ?? [],
    init?.command ?? [],
    exec,
    after,
    parent ? [parent] : [],
  ].flat();
  for (const { from, steps } of all) for (const { key } of steps) origins.set(key, from);
  return new Plan({
    program: assembled,
    group: { way: group.way, moved: stepsOf(moved), made: stepsOf(made) },
    handshake: parent?.steps ?? [],
    waits: files && maps.waits,
    mapped: inSecond ? assembled.pid : assembled.firstPid,
    pipes: stdio.pipes,
    command: command?.command,
    attempts: command?.exec.attempts ?? [],
    workingDirectory: prepared.workingDirectory,
    snapshots: files?.snapshots ?? [],
    idmaps,
    keeps: keptBy(childSteps),
    watchesParent: spec.dieWithParent === true || parent !== undefined,
    isPid1: spec.unshare.includes('pid') && init === undefined,
    identify: sections.identify,
    origins,
  });
}

function stepsOf(sections: readonly Section[]): Step[] {
  return sections.flatMap(({ steps }) => steps);
}

/** The descriptors that steps have names for, since they need their numbers. */
function keptBy(steps: readonly Step[]): string[] {
  const names = steps.flatMap(({ args }) => args.flatMap((arg) => (arg instanceof Late ? arg.names : [])));
  const known: readonly string[] = [
    ...Object.values(placeholders),
    ...Object.values(overlayPlaceholders),
    ...Object.values(givenBack),
  ];
  return known.filter((name) => names.includes(name));
}
