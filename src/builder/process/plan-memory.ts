import { compile } from '../compile/compile.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import type { StdioEntry } from '../spec/stdio.js';
import type { TtySpec } from '../spec/terminal.js';
import { RememberedFiles } from './remembered-files.js';

/** What the descriptors of a command are connected to, in the place of what the spec says. */
export interface Connections {
  readonly stdio: readonly StdioEntry[] | undefined;
  readonly tty: TtySpec | undefined;
}

interface Remembered extends Connections {
  readonly command: Command;
  readonly host: Host;
  readonly files: RememberedFiles;
  readonly plan: Plan;
}

const memory = new WeakMap<ProcessSpec, Remembered>();

/**
 * The plan for a command that is connected in this way. The last plan of each spec is kept: the same command from the same sandbox
 * takes no second compilation, and its program is laid out already, as long as the files of the host that it asked for are what they
 * were.
 */
export function planFor(spec: ProcessSpec, command: Command, { stdio, tty }: Connections, host: Host): Plan {
  const known = memory.get(spec);
  if (
    known?.host === host &&
    isSameCommand(known.command, command) &&
    isSameList(known.stdio, stdio) &&
    isSameTty(known.tty, tty) &&
    known.files.areSame()
  ) {
    return known.plan;
  }
  const files = new RememberedFiles(host.files);
  const plan = compile(connectedTo(spec, { stdio, tty }), command, { ...host, files });
  const { file, args } = command;
  memory.set(spec, { command: { file, args: [...args] }, stdio, tty, host, files, plan });
  return plan;
}

function connectedTo(spec: ProcessSpec, { stdio, tty }: Connections): ProcessSpec {
  const { stdio: _stdio, tty: _tty, ...others } = spec;
  return { ...others, ...(stdio === undefined ? {} : { stdio }), ...(tty === undefined ? {} : { tty }) };
}

function isSameCommand(a: Command, b: Command): boolean {
  return a.file === b.file && isSameList(a.args, b.args);
}

function isSameList<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  if (a === undefined || b === undefined || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function isSameTty(a: TtySpec | undefined, b: TtySpec | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.columns === b.columns && a.rows === b.rows;
}
