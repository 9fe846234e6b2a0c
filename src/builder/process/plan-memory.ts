import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import type { StdioEntry } from '../spec/stdio.js';
import { RememberedFiles } from './remembered-files.js';

interface Remembered {
  readonly command: Command;
  readonly stdio: readonly StdioEntry[] | undefined;
  readonly host: Host;
  readonly files: RememberedFiles;
  readonly plan: Plan;
}

/** Makes a plan: in new namespaces, or in those of a box. */
type Compile = (spec: ProcessSpec, command: Command, host: Host) => Plan;

const memories = new Map<Compile, WeakMap<ProcessSpec, Remembered>>();

/**
 * The plan for a command, with `stdio` in the place of what the spec says where it is given. The last plan of each spec is kept:
 * the same command from the same sandbox takes no second compilation, and its program is laid out already, as long as the files of
 * the host that it asked for are what they were.
 */
export function planFor(
  compile: Compile,
  spec: ProcessSpec,
  command: Command,
  stdio: readonly StdioEntry[] | undefined,
  host: Host,
): Plan {
  const memory = memories.get(compile) ?? new WeakMap<ProcessSpec, Remembered>();
  memories.set(compile, memory);
  const known = memory.get(spec);
  // In which namespaces another process is can be something else each time.
  const isFixed = spec.join?.process === undefined;
  if (
    isFixed &&
    known?.host === host &&
    isSameCommand(known.command, command) &&
    isSameList(known.stdio, stdio) &&
    known.files.areSame()
  ) {
    return known.plan;
  }
  const files = new RememberedFiles(host.files);
  const plan = compile(stdio === undefined ? spec : { ...spec, stdio }, command, { ...host, files });
  const { file, args } = command;
  memory.set(spec, { command: { file, args: [...args] }, stdio, host, files, plan });
  return plan;
}

function isSameCommand(a: Command, b: Command): boolean {
  return a.file === b.file && isSameList(a.args, b.args);
}

function isSameList<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  if (a === undefined || b === undefined || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
