import { execFileSync, type StdioOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What is started. */
export interface Program {
  readonly name: string;
  readonly path: string;
}

/** The programs of the bench: those written in C are compiled for it. */
export interface Programs {
  readonly commands: readonly Program[];
  /** The C program that measures without Node. */
  readonly floor: string | undefined;
  /** What could not be compiled or run, and why. */
  readonly missing: readonly string[];
}

/** Compiles the programs beside this file. */
export function buildPrograms(): Programs {
  const missing: string[] = [];
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const build = (name: string, flags: readonly string[], trial: readonly string[]): string | undefined => {
    const path = fileURLToPath(new URL(name, import.meta.url));
    try {
      execFileSync('gcc', ['-O2', ...flags, '-o', path, `${path}.c`], { stdio });
      execFileSync(path, trial, { stdio });
      return path;
    } catch (error) {
      const { code, path: file, message } = error as NodeJS.ErrnoException;
      const noCompiler = code === 'ENOENT' && file === 'gcc';
      missing.push(`${name}.c: ${noCompiler ? 'gcc is not installed' : message.trim().split('\n').at(-1)}`);
      return undefined;
    }
  };
  const nothing = build('nothing', ['-static', '-nostdlib'], []);
  const floor = build('floor', [], ['seven', '1', '/bin/true']);
  return {
    commands: [
      { name: '/bin/true', path: '/bin/true' },
      ...(nothing === undefined ? [] : [{ name: 'nothing (static)', path: nothing }]),
    ],
    floor,
    missing,
  };
}
