// The command line of isolate, in processes of their own.
import {
  type ChildProcessWithoutNullStreams,
  type SpawnOptionsWithoutStdio,
  spawn,
  spawnSync,
} from 'node:child_process';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { moduleFile, nodeOptions, repository } from './program.js';

/** How an isolate ended, and what it and its command printed. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command that is `isolate ARGV…` here. */
export function isolateCommand(...argv: string[]): [file: string, args: string[]] {
  return [process.execPath, [...nodeOptions, moduleFile('cli/main'), ...argv]];
}

/** Runs `isolate ARGV…` to its end. */
export function runIsolate(argv: string[], options: { input?: string } = {}): Ended {
  const [file, args] = isolateCommand(...argv);
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository, ...options });
  return { status, stdout, stderr };
}

/** Starts `isolate ARGV…`. */
export function startIsolate(argv: string[], options: SpawnOptionsWithoutStdio = {}): ChildProcessWithoutNullStreams {
  const [file, args] = isolateCommand(...argv);
  return spawn(file, args, { cwd: repository, ...options });
}

/** Runs the command lines that it is given, and marks where each ends. */
const program = `
  import { writeSync } from 'node:fs';
  import { runCommandLine } from ${JSON.stringify(pathToFileURL(moduleFile('cli/command-line')).href)};
  for (const argv of JSON.parse(process.argv[1])) {
    const status = await runCommandLine(argv);
    writeSync(1, '\\0' + status + '\\0');
    writeSync(2, '\\0');
  }
`;

/**
 * Runs several command lines, one after the other: in one process, since most of the time goes into starting it. `under` is a
 * command to run that process under, as `strace`.
 */
export function runEach(commandLines: string[][], under: string[] = []): Ended[] {
  const own = [...nodeOptions, '--input-type=module', '--eval', program, JSON.stringify(commandLines)];
  const [file, ...args] = [...under, process.execPath, ...own] as [string, ...string[]];
  const env = { ...process.env, NO_COLOR: '1' };
  const options = { encoding: 'utf8', cwd: repository, env, maxBuffer: 2 ** 26 } as const;
  const { stdout, stderr, status } = spawnSync(file, args, options);
  assert.is(status, 0, stderr);
  const [printed, errors] = [stdout.split('\0'), stderr.split('\0')];
  return commandLines.map((_, i) => ({
    stdout: printed[i * 2] as string,
    status: Number(printed[i * 2 + 1]),
    stderr: errors[i] as string,
  }));
}
