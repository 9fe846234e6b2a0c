import { isDeepStrictEqual } from 'node:util';
import type { CompileOptions } from '../compile/compile.js';
import type { GroupWay } from '../compile/group-way.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import type { LaunchEvents } from './events.js';
import { RememberedFiles } from './remembered-files.js';

/** Makes a plan: in new namespaces, or in those of a box. */
export type Compile = (spec: ProcessSpec, command: Command, host: Host, options: CompileOptions) => Plan;

/** What one launch has in the place of what the spec says; `undefined` for nothing. */
export type SpecChanges = { readonly [K in keyof ProcessSpec]?: ProcessSpec[K] | undefined };

/** The spec of such a launch. */
export function changed(spec: ProcessSpec, changes: SpecChanges): ProcessSpec {
  return { ...spec, ...changes } as ProcessSpec;
}

/** What a plan is made of, besides the spec. */
export interface PlanRequest {
  readonly compile: Compile;
  readonly command: Command;
  readonly changes: SpecChanges;
  readonly host: Host;
  readonly identify: boolean;
  readonly group?: GroupWay | undefined;
}

interface Remembered extends PlanRequest {
  readonly files: RememberedFiles;
  readonly plan: Plan;
}

const memory = new WeakMap<ProcessSpec, Remembered>();

/**
 * The plan for a command. The last plan of each spec is kept: the same command from the same sandbox takes no second compilation,
 * and its program is laid out already, as long as the files of the host that it asked for are what they were. A compilation is told
 * to `events`, where there are some.
 */
export function planFor(spec: ProcessSpec, request: PlanRequest, events?: LaunchEvents): Plan {
  const known = memory.get(spec);
  if (known !== undefined && isSame(known, request) && known.files.areSame() && isInPlace(spec, request.host)) {
    return known.plan;
  }
  const { compile, command, changes, host, identify, group } = request;
  const files = new RememberedFiles(host.files);
  const began = performance.now();
  const plan = compile(changed(spec, changes), command, { ...host, files }, { identify, group });
  events?.publish('isolate:compile', () => ({ steps: plan.steps.length, duration: performance.now() - began }));
  const { file, args } = command;
  // In which namespaces another process is can be something else each time, and this program is moved only once.
  if (spec.join?.process === undefined && plan.parts.group.moved.length === 0) {
    memory.set(spec, { ...request, command: { file, args: [...args] }, files, plan });
  }
  return plan;
}

function isSame(known: PlanRequest, { compile, command, changes, host, identify, group }: PlanRequest): boolean {
  return (
    known.compile === compile &&
    known.host === host &&
    known.identify === identify &&
    isDeepStrictEqual(known.group, group) &&
    known.command.file === command.file &&
    isSameList(known.command.args, command.args) &&
    isDeepStrictEqual(known.changes, changes)
  );
}

/** Whether this program is in the slice that a spec asks for: another spec may have had it moved to another. */
function isInPlace({ cgroup }: ProcessSpec, { cgroups }: Host): boolean {
  return cgroup?.slice === undefined || cgroups.scope?.(cgroup.slice) === undefined;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return Array.isArray(b) && a.length === b.length && a.every((item, i) => item === b[i]);
}
