import { type CompileOptions, compile } from '../compile/compile.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import type { StdioEntry } from '../spec/stdio.js';
import type { LaunchEvents } from './events.js';
import { RememberedFiles } from './remembered-files.js';

interface Remembered {
  readonly command: Command;
  readonly stdio: readonly StdioEntry[] | undefined;
  readonly host: Host;
  readonly identify: boolean;
  readonly files: RememberedFiles;
  readonly plan: Plan;
}

const memory = new WeakMap<ProcessSpec, Remembered>();

/**
 * The plan for a command, with `stdio` in the place of what the spec says where it is given. The last plan of each spec is kept:
 * the same command from the same sandbox takes no second compilation, and its program is laid out already, as long as the files of
 * the host that it asked for are what they were. A compilation is told to `events`.
 */
export function planFor(
  spec: ProcessSpec,
  command: Command,
  stdio: readonly StdioEntry[] | undefined,
  host: Host,
  { identify = false }: CompileOptions,
  events: LaunchEvents,
): Plan {
  const known = memory.get(spec);
  if (
    known?.host === host &&
    known.identify === identify &&
    isSameCommand(known.command, command) &&
    isSameList(known.stdio, stdio) &&
    known.files.areSame()
  ) {
    return known.plan;
  }
  const files = new RememberedFiles(host.files);
  const began = performance.now();
  const plan = compile(stdio === undefined ? spec : { ...spec, stdio }, command, { ...host, files }, { identify });
  events.publish('isolate:compile', () => ({ steps: plan.steps.length, duration: performance.now() - began }));
  const { file, args } = command;
  memory.set(spec, { command: { file, args: [...args] }, stdio, host, identify, files, plan });
  return plan;
}

function isSameCommand(a: Command, b: Command): boolean {
  return a.file === b.file && isSameList(a.args, b.args);
}

function isSameList<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  if (a === undefined || b === undefined || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
