// Where systemd manages the control groups: a scope of its own for the program, and slices. In programs of their own, which are moved.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import type { HostCgroups } from '../src/builder/spec/host-cgroups.js';
import { needsScope } from '../src/builder/this-host-cgroups.js';
import { cgroupAccess, cgroupHierarchies } from '../src/cgroup/index.js';
import { bare, type PlanStepJson, Sandbox, SpecError } from '../src/index.js';
import { commandMissing, either, isRoot, skipUnless } from './helpers/can.js';
import { runIsolate } from './helpers/command-lines.js';
import { soon } from './helpers/groups.js';
import { managedCgroups, user } from './helpers/made-up-host.js';
import { isAlive } from './helpers/processes.js';
import { programOf, quoted, repository } from './helpers/program.js';

const hasSystemd = existsSync('/run/systemd/system');
const hasBus =
  isRoot || process.env.DBUS_SESSION_BUS_ADDRESS !== undefined || process.env.XDG_RUNTIME_DIR !== undefined;
const noSystemd = either(
  hasSystemd ? undefined : 'there is no systemd',
  cgroupAccess().layout === 'unified' ? undefined : 'there is cgroup v1',
  hasBus ? undefined : 'there is no bus of this user',
  commandMissing('busctl'),
);

/** What a program prints. */
function printed([file, ...args]: string[]): string[] {
  const { stdout, stderr, status } = spawnSync(file as string, args, { cwd: repository, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return stdout.trim().split('\n');
}

const limited = (more: string) => `
  const sandbox = bare().limits({ pids: 8 })${more};
  for (let i = 0; i < 2; i++) {
    const { stdout } = await sandbox.run('cat', ['/proc/self/cgroup']);
    process.stdout.write(stdout);
  }
`;

skipUnless(test, noSystemd, 'a slice: the program has one scope there, and its groups are in that', () => {
  const [file, args] = programOf(limited(".cgroup({ slice: 'isolate-test.slice' })"));
  const [first = '', second = ''] = printed([file, ...args]);
  const scope = /\/isolate-test\.slice\/isolate-program-\d+-\d+\.scope\//;
  assert.match(first, scope);
  assert.is(scope.exec(first)?.[0], scope.exec(second)?.[0]);
});

/**
 * What a program prints where systemd has delegated nothing to it: for root a service, for a user a slice, since the own services and scopes count as
 * delegated.
 */
function printedWhereManaged(code: string): string[] {
  const command = quoted(programOf(code));
  if (isRoot) {
    const service = ['systemd-run', '--quiet', '--pipe', '--wait', '--collect', '-p', `WorkingDirectory=${repository}`];
    return printed([...service, '--', 'sh', '-c', command]);
  }
  const [manager = ''] = /^.*\/user@\d+\.service/.exec(cgroupHierarchies()[0]?.directory ?? '') ?? [];
  const slice = `${manager}/isolate-managed-${process.pid}.slice`;
  mkdirSync(slice);
  try {
    return printed(['sh', '-c', `echo $$ > ${slice}/cgroup.procs && exec ${command}`]);
  } finally {
    rmdirSync(slice);
  }
}

skipUnless(test, noSystemd, 'where nothing is delegated, the program is moved into a scope that is', () => {
  const [first = ''] = printedWhereManaged(limited(''));
  assert.match(first, /\.scope\/isolate-\d/);
});

/** Where the program is, the steps of two plans before and after a run, and where it is then. */
const planned = (more: string) => `
  const { readFileSync } = await import('node:fs');
  const here = () => readFileSync('/proc/self/cgroup', 'utf8').trim();
  const sandbox = bare().limits({ pids: 8, memory: '64M' })${more};
  const before = here();
  const plan = sandbox.plan('true').toJSON().steps;
  const again = sandbox.plan('true').toJSON().steps;
  const unmoved = here();
  const { exit } = await sandbox.run('true');
  const after = sandbox.plan('true').toJSON().steps;
  console.log(JSON.stringify({ before, unmoved, moved: here(), plan, again, after, kind: exit.kind}));
`;

for (const [place, more] of [
  ['a scope', ''],
  ['a slice', ".cgroup({ slice: 'isolate-planned.slice' })"],
] as const) {
  skipUnless(test, noSystemd, `a plan shows the move into ${place}, and moves nobody`, () => {
    const told = JSON.parse(printedWhereManaged(planned(more)).join('\n'));
    assert.is(told.unmoved, told.before);
    assert.equal(told.again, told.plan);
    const [first, ...others] = told.plan as PlanStepJson[];
    assert.equal([first?.where, first?.call], ['helper', 'execve']);
    assert.match(first?.args.join(' ') ?? '', /busctl.* "StartTransientUnit".*"PIDs".*"Delegate"/);
    if (more !== '') assert.match(first?.args.join(' ') ?? '', /"Slice", "s", "isolate-planned\.slice"/);
    assert.is(told.kind, 'exited');
    // What was foreseen is what is done: but for the groups above, which systemd chooses, and the numbers of the steps.
    const [name] = /isolate-program-\d+-1\.scope/.exec(first?.why ?? '') ?? [];
    assert.ok(name !== undefined && told.moved.includes(`/${name}/`), told.moved);
    const shown = (steps: PlanStepJson[], from: number) =>
      steps.map(({ call, args, why }) => {
        const text = args.join(', ').replaceAll(/\/sys\/fs\/cgroup\/[^"]*?(?=\/isolate-program)/g, '');
        return `${call}(${text.replaceAll(/#(\d+)/g, (_, index) => `#${index - from}`)}) ${why}`;
      });
    assert.equal(shown(others, 1), shown(told.after, 0));
  });
}

skipUnless(test, noSystemd, 'when systemd could not be asked it is asked once more, though not at once', () => {
  const folder = mkdtempSync('/tmp/isolate-busctl-');
  try {
    writeFileSync(`${folder}/busctl`, '#!/bin/sh\necho out of order >&2; exit 1\n', { mode: 0o755 });
    chmodSync(folder, 0o755);
    const code = `
      const tell = () => bare().limits({ pids: 8 }).run('true').then(({ exit }) => exit.kind, ({ message }) => message.split('\\n')[0]);
      const { PATH } = process.env;
      process.env.PATH = '${folder}:' + PATH;
      console.log(await tell());
      process.env.PATH = PATH;
      console.log(await tell());
      await new Promise((resolve) => setTimeout(resolve, 11_000));
      console.log(await tell());
    `;
    const [first = '', ...others] = printedWhereManaged(code);
    assert.match(first, /out of order/);
    assert.equal(others, [first, 'exited']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

skipUnless(test, noSystemd, 'what there is to measure is found in the scope', () => {
  const code = `
    for (const sandbox of [bare(), bare().limits({ memory: '1G' })]) {
      const { exit } = await sandbox.cgroup({ controllers: 'available' }).run('true');
      console.log(exit.resources.memory?.peak > 0, exit.resources.pids?.limit);
    }
  `;
  assert.equal(printedWhereManaged(code), ['true max', 'true max']);
});

skipUnless(test, noSystemd, 'a fall-back comes only after the scope', () => {
  const code = `
    const { exit } = await bare().limits({ memory: '2G' }, { fallback: 'rlimit' }).run('true');
    console.log(exit.resources?.memory?.limit);
  `;
  assert.equal(printedWhereManaged(code), [String(2 * 2 ** 30)]);
});

skipUnless(test, noSystemd, 'isolate gc finds what a program left in its scope', async () => {
  const code = `
    const running = await bare().limits({ pids: 8 }).spawn('sleep', ['1000'], { stdio: 'ignore' });
    console.log(cgroup.membershipsOf(running.pid)[0].path, running.pid);
    process.exit();
  `;
  const [path = '', pid] = printedWhereManaged(code)[0]?.split(' ') ?? [];
  assert.match(path, /\.scope\/isolate-\d/);
  assert.ok(isAlive(Number(pid)));
  const { stdout, stderr } = runIsolate(['gc']);
  assert.ok(stdout.includes(`${basename(path)}\n`), stderr);
  await soon(() => !isAlive(Number(pid)), 'the end of what was left');
  await soon(() => !existsSync(`/sys/fs/cgroup${dirname(path)}`), 'the end of its scope');
});

test('who can make a group is not moved for it, and who cannot is, whatever else is in v1', () => {
  const { spec } = bare().limits({ pids: 8 });
  const where = (cgroups: HostCgroups) =>
    compile(spec, { file: 'true', args: [] }, { ...user, cgroups }).toJSON().steps[0]?.where;
  assert.is(where(managedCgroups), 'helper');
  assert.is(where({ ...managedCgroups, plan: user.cgroups.plan }), 'parent');
  const inBoth = (refused: { problem: string } | undefined) => ({
    bases: [
      { version: 1, controllers: ['net_cls'], directory: '/sys/fs/cgroup/net_cls', refused: undefined },
      { version: 2, controllers: ['pids'], directory: '/sys/fs/cgroup/unified/session.scope', refused },
    ] as const,
  });
  assert.is(needsScope(inBoth({ problem: 'systemd manages it' })), true);
  assert.is(needsScope(inBoth(undefined)), false);
});

test('what is no slice is refused, and where there is no systemd any', async () => {
  for (const slice of ['jobs', '../x.slice', ...(hasSystemd ? [] : ['jobs.slice'])]) {
    const sandbox = Sandbox.from(bare().limits({ pids: 8 }).cgroup({ slice }).spec);
    const error = await sandbox.run('true').catch((error) => error);
    assert.instance(error, SpecError, String(error));
    assert.is(error.field, 'cgroup');
    assert.match(error.message, /slice/);
    assert.throws(() => sandbox.plan('true'), /slice/);
  }
  assert.throws(() => bare().cgroup({ slice: 'jobs.slice', parent: '/jobs' }), /slice/);
});

test.run();
