// The ways in which a view of the file system is made, on this kernel: with all that it has, and with what older ones have.
import { readFileSync } from 'node:fs';
import type { Callback, Test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/builder/compile/compile.js';
import type { Plan } from '../../src/builder/plan.js';
import { thisHost } from '../../src/builder/this-host.js';
import {
  bare,
  type Host,
  IsolateError,
  type NamespaceKind,
  type RunResult,
  type Sandbox,
  StepError,
} from '../../src/index.js';
import { either, freshProcRefused, isRoot, skipUnless, userNamespacesRefused } from './can.js';
import { printed } from './inside.js';
import { runPlan } from './run-plan.js';

export const noNamespaces = either(userNamespacesRefused(), freshProcRefused());

interface WayParts {
  readonly name: string;
  readonly host?: Partial<Host>;
  readonly isUsers?: boolean;
}

export class Way {
  readonly name: string;
  /** Whether the view is made in a new user namespace. */
  readonly isUsers: boolean;
  readonly #host: Partial<Host> | undefined;

  constructor({ name, host, isUsers = true }: WayParts) {
    this.name = name;
    this.isUsers = isUsers;
    this.#host = host;
  }

  get isClassic(): boolean {
    return this.#host?.mountCalls === 'classic';
  }

  /** What every test here starts from: its command starts in `/`, since views may lack the directory of this program. */
  box(...kinds: readonly NamespaceKind[]): Sandbox {
    return bare()
      .unshare(...(this.isUsers ? (['user'] as const) : []), 'mount', 'pid', ...kinds)
      .cwd('/');
  }

  plan(sandbox: Sandbox, file: string, ...args: string[]): Plan {
    return compile(this.#withPipes(sandbox).spec, { file, args }, { ...thisHost(), ...this.#host });
  }

  run(sandbox: Sandbox, file: string, ...args: string[]): Promise<RunResult> {
    return this.#host === undefined
      ? sandbox.run(file, args)
      : this.carryOut(this.plan(sandbox, file, ...args), sandbox);
  }

  carryOut(plan: Plan, sandbox: Sandbox): Promise<RunResult> {
    return runPlan(plan, this.#withPipes(sandbox).spec);
  }

  async output(sandbox: Sandbox, file: string, ...args: string[]): Promise<string> {
    return printed(await this.run(sandbox, file, ...args));
  }

  /** What a shell script prints, errors too. */
  shell(sandbox: Sandbox, script: string, ...args: string[]): Promise<string> {
    const env = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
    return this.output(sandbox.env(env), 'sh', '-c', `exec 2>&1\n${script}\n:`, 'sh', ...args);
  }

  /** The mounts that a command sees, in the order in which they were made. */
  async mounts(sandbox: Sandbox): Promise<MountLine[]> {
    return readMounts(await this.output(sandbox, 'cat', '/proc/self/mountinfo'));
  }

  /** The mount on top of a place. */
  async mountAt(sandbox: Sandbox, path: string): Promise<MountLine> {
    const found = (await this.mounts(sandbox)).findLast((mount) => mount.path === path);
    assert.ok(found, `nothing is mounted at ${path}`);
    return found as MountLine;
  }

  /** It cannot be had: by an error of this package, which is returned. */
  async refused(sandbox: Sandbox, message: RegExp, file = 'true', ...args: string[]): Promise<IsolateError> {
    const error = await (async () => this.run(sandbox, file, ...args))().then(
      () => undefined,
      (error) => error,
    );
    assert.instance(error, IsolateError, `${this.name}: ${error?.stack}`);
    assert.match(error.message, message);
    return error;
  }

  /** What the launch of a plan fails with in the kernel. */
  async failure(plan: Plan, sandbox: Sandbox): Promise<StepError> {
    const error = await this.carryOut(plan, sandbox).then(
      () => undefined,
      (error) => error,
    );
    assert.instance(error, StepError, `${this.name}: ${error?.stack}`);
    return error;
  }

  #withPipes(sandbox: Sandbox): Sandbox {
    return sandbox.stdio(['ignore', 'pipe', 'pipe']);
  }
}

export interface MountLine {
  readonly path: string;
  readonly options: readonly string[];
  /** How it passes: `shared:5`, `master:5`, `unbindable`. */
  readonly propagation: readonly string[];
  readonly type: string;
  /** The options of the file system itself. */
  readonly ofFileSystem: readonly string[];
}

/** The lines of /proc/PID/mountinfo: see proc(5). */
export function readMounts(text: string): MountLine[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [before, after] = line.split(' - ') as [string, string];
      const [, , , , path, options, ...propagation] = before.split(' ') as [
        string,
        string,
        string,
        string,
        ...string[],
      ];
      const [type, , ofFileSystem = ''] = after.split(' ') as [string, ...string[]];
      return {
        path: unescaped(path as string),
        options: (options as string).split(','),
        propagation,
        type,
        ofFileSystem: ofFileSystem.split(','),
      };
    });
}

function unescaped(path: string): string {
  const bytes = path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

export const hostMounts = (): MountLine[] => readMounts(readFileSync('/proc/self/mountinfo', 'utf8'));

/** As it is here; and as it would be on older kernels. Root also makes views without a user namespace. */
export const ways: readonly Way[] = [
  new Way({ name: 'with all that this host has' }),
  new Way({ name: 'with mount(2)', host: { mountCalls: 'classic' } }),
  new Way({ name: 'without openat2', host: { openat2: false } }),
  new Way({ name: 'with mount(2) and without openat2', host: { mountCalls: 'classic', openat2: false } }),
  ...(isRoot
    ? [
        new Way({ name: 'without a user namespace', isUsers: false }),
        new Way({ name: 'with mount(2), without a user namespace', host: { mountCalls: 'classic' }, isUsers: false }),
      ]
    : []),
];

/** Adds a test for each of the ways. It fails, too, where anything stays mounted on the host. */
export function everyWay(
  test: Test,
  name: string,
  run: (way: Way) => Promise<void>,
  reason?: string,
  some: (way: Way) => boolean = () => true,
): void {
  for (const way of ways.filter(some)) {
    const check: Callback = async () => {
      const before = readFileSync('/proc/self/mountinfo', 'utf8');
      await run(way);
      assert.is(readFileSync('/proc/self/mountinfo', 'utf8'), before, 'something is mounted on the host');
    };
    skipUnless(test, either(noNamespaces, reason), `${name} (${way.name})`, check);
  }
}
