import { AT, errno, execve, O, openat, pidVariable, read, SpecError, type Step, writePid } from '../../sys/index.js';
import type { Host } from '../spec/host.js';
import { listenEnvironment, listenVariables } from '../spec/listen.js';
import type { Command, EnvSpec, ProcessSpec } from '../spec/process-spec.js';
import { methodCall, type Section, section } from './section.js';

/** Where a command without a slash is looked for when the environment has no PATH. */
const defaultPath = '/usr/local/bin:/usr/bin:/bin';

/** What an attempt may fail with while there are others, as execvp(3) goes on. */
const goesOn = [errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG];

/** How much of a file tells what it is: the line after `#!` has at most 256 bytes. */
export const headSize = 256;

/** An attempt to become the command, and what is found out if all attempts fail. */
export interface ExecAttempt {
  readonly path: string;
  readonly exec: Step;
  /** Opens the file: it tells a file that is missing from an interpreter that is missing. */
  readonly open: Step;
  /** Reads its first bytes. */
  readonly head: Step;
}

export interface ExecPlan {
  readonly attempts: readonly ExecAttempt[];
  readonly sections: readonly Section[];
}

/** The attempts in the order of PATH, then the questions that are asked only if none worked. */
export function planExec(spec: ProcessSpec, command: Command, host: Host): ExecPlan {
  const { envp, path: searched } = environmentOf(spec, host);
  const argv = [spec.argv0 ?? command.file, ...command.args];
  checkSize(argv, envp, host);
  const attempts = pathsOf(command.file, searched).map((path): ExecAttempt => {
    const open = openat
      .step(AT.FDCWD, path, O.RDONLY | O.CLOEXEC | O.NONBLOCK, 0)
      .tolerating(...goesOn, errno.EPERM, errno.ENXIO, errno.ENODEV, errno.EMFILE, errno.ENFILE, errno.EIO)
      .because('only if the command could not be run: is the file missing, or what it needs?');
    return {
      path,
      exec: execve
        .step(path, argv, envp)
        .tolerating(...goesOn)
        .because('becomes the command'),
      open,
      head: read
        .step(open.result, headSize)
        .tolerating(errno.EBADF, errno.EISDIR, errno.EINVAL, errno.EAGAIN, errno.EIO)
        .because('only if the command could not be run: which interpreter does it name?'),
    };
  });
  const from = `command ${JSON.stringify(command.file)}`;
  return {
    attempts,
    sections: [
      ...(spec.listen === undefined ? [] : [section(methodCall('listen', ...spec.listen), tellPid(envp))]),
      section(from, ...attempts.map(({ exec }) => exec)),
      section(from, ...attempts.map(({ open }) => open), ...attempts.map(({ head }) => head)),
    ],
  };
}

function tellPid(envp: readonly string[]): Step {
  return writePid(envp, listenVariables.pid).because(
    `a service takes the sockets that are meant for its pid: ${listenVariables.pid}`,
  );
}

/** The environment as execve takes it, and its PATH. Reading `process.env` is slow: each variable is read once. */
function environmentOf({ env, listen }: ProcessSpec, host: Host): { envp: string[]; path: string | undefined } {
  const { inherit } = env;
  const set: EnvSpec['set'] = { ...env.set, ...listenEnvironment(listen) };
  const envp: string[] = [];
  let path: string | undefined;
  const add = (name: string, value: string) => {
    envp.push(`${name}=${value}`);
    if (name === 'PATH') path = value;
  };
  for (const name of inherit ? Object.keys(host.environment) : []) {
    if (Object.hasOwn(set, name)) continue;
    const value = host.environment[name];
    if (value !== undefined) add(name, value);
  }
  for (const [name, value] of Object.entries(set)) if (value !== null) add(name, value);
  if (listen !== undefined) envp.push(pidVariable(listenVariables.pid));
  return { envp, path };
}

/** A name with a slash is a path; any other is looked for in PATH, where an empty entry is the working directory. */
function pathsOf(file: string, path = defaultPath): string[] {
  if (file.includes('/')) return [file];
  const directories = new Set(path.split(':').map((directory) => directory || '.'));
  return [...directories].map((directory) => `${directory}/${file}`);
}

/** A single string may have 32 pages: MAX_ARG_STRLEN, execve(2). */
const longestString = 131_072;

/** The kernel counts every string with its NUL and its pointer. */
function checkSize(argv: readonly string[], envp: readonly string[], host: Host): void {
  let total = 0;
  for (const [field, texts] of [
    ['arguments', argv],
    ['env', envp],
  ] as const) {
    for (const text of texts) {
      const size = Buffer.byteLength(text) + 1;
      if (size > longestString) {
        throw new SpecError(
          field,
          `one of them has ${size} bytes; Linux takes at most ${longestString} for one`,
          'pass it through a file or stdin',
        );
      }
      total += size + 8;
    }
  }
  if (total > host.argumentLimit) {
    throw new SpecError(
      'arguments',
      `with the environment they take ${total} bytes; the limit here is ${host.argumentLimit}`,
      'pass them through a file or stdin, or raise the stack limit (ulimit -s)',
    );
  }
}
