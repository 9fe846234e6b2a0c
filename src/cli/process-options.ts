import { type Command, InvalidArgumentError } from 'commander';
import {
  type CapabilityName,
  type Duration,
  type KillOptions,
  type Sandbox,
  type Signal,
  SpecError,
} from '../index.js';
import { listOrNone, more, moreOrNone } from './lists.js';

/** The options that say what a command is, wherever it runs. */
export interface ProcessOptions {
  uid?: number;
  gid?: number;
  groups?: number[];
  cap?: CapabilityName[];
  clearEnv?: true;
  env?: string[];
  cwd?: string;
  umask?: number;
  argv0?: string;
  tty?: boolean;
  timeout?: Duration;
  killSignal?: Signal;
  killAfter?: Duration;
}

function id(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is not an id.');
  return Number(text);
}

function octal(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text)) throw new InvalidArgumentError('It is not an octal number.');
  return Number.parseInt(text, 8);
}

/** A name, with or without SIG, or a number. Whether there is one is for the library to say. */
function signal(text: string): Signal {
  return /^\d+$/.test(text) ? Number(text) : (text.toUpperCase() as NodeJS.Signals);
}

/** Adds the options for who the command is, to their group. */
export function addWhoOptions(command: Command): Command {
  return command
    .option('--uid <id>', 'run as this user', id)
    .option('--gid <id>', 'run as this group', id)
    .option('--groups <id,…>', "with these supplementary groups ('': none)", (text) => listOrNone(text).map(id))
    .option('--cap <name,…>', "keep these capabilities, and no others ('': none)", moreOrNone);
}

/** Adds the options for what the command finds, and how it ends. */
export function addFindOptions(command: Command): Command {
  return command
    .optionsGroup('What the command finds:')
    .option('--env <name=value>', 'set a variable; may be given more than once', more)
    .option('--clear-env', 'start with an empty environment')
    .option('--cwd <dir>', 'the working directory, as the command sees it')
    .option('--umask <octal>', 'the rights that new files do not have', octal)
    .option('--argv0 <name>', 'what the command sees as its own name')
    .option('--tty', 'a terminal of its own (default: where you are at a terminal, and it is isolated from yours)')
    .option('--no-tty', 'none')
    .optionsGroup('How it ends:')
    .option('--timeout <duration>', 'end it after this time, as 10s or 1.5m: the exit status is 124 then')
    .option('--kill-signal <signal>', 'what it gets then (default: KILL)', signal)
    .option('--kill-after <duration>', 'how long after that signal all of it gets SIGKILL (default: 5s)');
}

/** Applies a change where its option was given. */
export function when<T>(value: T | undefined, change: (sandbox: Sandbox, value: T) => Sandbox) {
  return (sandbox: Sandbox): Sandbox => (value === undefined ? sandbox : change(sandbox, value));
}

/** The sandbox, with what the options say of the command. */
export function withProcess(sandbox: Sandbox, options: ProcessOptions): Sandbox {
  return sandbox
    .use(when(options.uid, (sandbox, uid) => sandbox.uid(uid)))
    .use(when(options.gid, (sandbox, gid) => sandbox.gid(gid)))
    .use(when(options.groups, (sandbox, groups) => sandbox.groups(...groups)))
    .use(when(options.cap, (sandbox, names) => sandbox.capabilities(names)))
    .use(when(options.clearEnv, (sandbox) => sandbox.clearEnv()))
    .use(when(options.env, (sandbox, variables) => sandbox.env(Object.fromEntries(variables.map(variable)))))
    .use(when(options.cwd, (sandbox, directory) => sandbox.cwd(directory)))
    .use(when(options.umask, (sandbox, mask) => sandbox.umask(mask)))
    .use(when(options.argv0, (sandbox, name) => sandbox.argv0(name)))
    .use(when(options.tty, (sandbox, tty) => sandbox.tty(tty && (sandbox.spec.tty ?? true))))
    .use((sandbox) => withTimeout(sandbox, options));
}

function withTimeout(sandbox: Sandbox, { timeout, killSignal, killAfter }: ProcessOptions): Sandbox {
  if (timeout === undefined && killSignal === undefined && killAfter === undefined) return sandbox;
  const { limit = timeout, ...before } = sandbox.spec.timeout ?? {};
  if (limit === undefined) {
    const option = killSignal === undefined ? '--kill-after' : '--kill-signal';
    throw new SpecError(option, 'there is no limit after which it could be sent', 'add --timeout');
  }
  const options: KillOptions = {
    ...before,
    ...(killSignal === undefined ? {} : { killSignal }),
    ...(killAfter === undefined ? {} : { grace: killAfter }),
  };
  return sandbox.timeout(timeout ?? limit, options);
}

/** `NAME=VALUE`. What is wrong is not shown: it may be a secret. */
function variable(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new SpecError('--env', 'it is not NAME=VALUE');
  return [text.slice(0, at), text.slice(at + 1)];
}
