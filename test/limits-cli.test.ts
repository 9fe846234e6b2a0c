// Limits on the command line: isolate run with them, isolate top and isolate gc.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupAccess, findCgroup } from '../src/cgroup/index.js';
import { bare, findBox, isolate, type PlanStepJson } from '../src/index.js';
import { either, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { runEach, runIsolate } from './helpers/command-lines.js';
import { noController, soon } from './helpers/groups.js';
import { noOwnGroups, ownGroups } from './helpers/own-groups.js';
import { isAlive } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

const noLimits = either(noOwnGroups, noController('memory', 'pids', 'cpu'));
const folder = mkdtempSync(join(tmpdir(), 'isolate-limits-'));
test.after(() => rmSync(folder, { recursive: true }));

skipUnless(test, noLimits, 'what is out of memory ends with 137, and the status file and a line say so', () => {
  const file = join(folder, 'status.json');
  const limits = ['--memory', '24M', '--pids', '8', '--cpus', '2', '--stats', '--status-json', file];
  const { status, stderr } = runIsolate(['run', '--bare', ...limits, '--', 'tail', '/dev/zero']);
  assert.is(status, 137, stderr);
  assert.match(stderr, /^isolate: [\d.]+s real; [\d.]+s cpu.*; memory (24\.0M|2\d\.\dM|\?) of 24\.0M; .*OOM: 1\n$/m);
  const { exit, resources } = JSON.parse(readFileSync(file, 'utf8'));
  assert.is(exit.kind, 'oom');
  assert.is(exit.limit, 24 * 2 ** 20);
  assert.is(resources.memory.limit, exit.limit);
  assert.is(resources.pids.limit, 8);
});

skipUnless(test, noLimits, 'what the limits did is told in a line, and nothing where they did nothing', () => {
  const forks = 'sleep 1 & sleep 1 & sleep 1 & wait';
  const lines: [options: string[], script: string, says: RegExp][] = [
    [['--memory', '24M'], 'exec tail /dev/zero', /^isolate: killed for want of memory: the limit is 24\.0M[^\n]*\n$/],
    [
      ['--memory', '24M'],
      'tail /dev/zero; exit 3',
      /^isolate: 1 process killed for want of memory: the limit is 24\.0M/m,
    ],
    [['--pids', '3'], forks, /^isolate: \d+ forks? refused: the limit is 3 processes\n$/m],
    [['--memory', '64M', '--pids', '8'], 'exit 3', /^$/],
  ];
  const ended = runEach(lines.map(([options, script]) => ['run', '--bare', ...options, '--', 'sh', '-c', script]));
  for (const [i, [options, script, says]] of lines.entries()) {
    assert.match(ended[i]?.stderr ?? '', says, `${options.join(' ')}: ${script}`);
  }
  assert.is(ended[0]?.status, 137);
  assert.is(ended[1]?.status, 3);
});

skipUnless(test, noLimits, '--stats measures without limits, too', () => {
  const { status, stderr } = runIsolate(['run', '--bare', '--stats', '--', 'true']);
  assert.is(status, 0, stderr);
  assert.match(stderr, /^isolate: .*memory .*; processes /m);
});

skipUnless(test, noLimits, 'bad input is refused: the option, and what to do', () => {
  const refused: [argv: string[], says: RegExp][] = [
    [['--memory', 'much'], /memory\.max/],
    [['--pids', 'few'], /--pids/],
    [['--cpus', '0'], /cpu\.max/],
    [['--io', 'sda'], /--io/],
    [['--io', '/dev/null:speed=1'], /--io/],
    [['--cgroup', '/no/such/group'], /no group|no such/],
    [['--cpuset', 'all'], /cpuset/],
  ];
  const ended = runEach(refused.map(([argv]) => ['run', '--bare', ...argv, '--', 'true']));
  for (const [i, [argv, says]] of refused.entries()) {
    assert.is(ended[i]?.status, 125, argv.join(' '));
    assert.match(ended[i]?.stderr ?? '', says);
  }
});

skipUnless(test, noLimits, 'isolate explain shows what would be written', () => {
  const [ended] = runEach([['explain', '--json', '--bare', '--memory', '24M', '--', 'true']]);
  const { steps } = JSON.parse(ended?.stdout ?? '');
  const texts = steps.map(({ call, args, why }: PlanStepJson) => `${call}(${args.join(', ')}) ${why}`);
  for (const says of [/mkdirat.*isolate-…/, /^write.*"25165824".*memory\.max: see https:\/\/docs\.kernel\.org/]) {
    assert.ok(
      texts.some((text: string) => says.test(text)),
      String(says),
    );
  }
});

skipUnless(test, noLimits, 'sizes and numbers are taken as people write them', () => {
  const [ended] = runEach([['explain', '--json', '--bare', '--memory', '1.5GB', '--cpus', '.5', '--', 'true']]);
  assert.is(ended?.status, 0, ended?.stderr);
  assert.match(ended?.stdout ?? '', /1610612736/);
  assert.match(ended?.stdout ?? '', /\b50000\b/);
});

skipUnless(test, noLimits, 'isolate top tells of groups that are there', async () => {
  await using running = await bare()
    .limits({ memory: '64M', pids: 8 })
    .spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  const [json, text] = runEach([
    ['top', '--json'],
    ['top', '--once'],
  ]);
  const { groups } = JSON.parse(json?.stdout ?? '');
  const [name] = ownGroups();
  const own = groups.find((group: { name: string }) => group.name === name);
  assert.ok(own, json?.stdout);
  assert.is(own.owner, process.pid);
  assert.is(own.pids, 1);
  assert.is(own.memoryLimit, 64 * 2 ** 20);
  assert.ok(text?.stdout.includes(String(name)));
  assert.ok(running.pid > 0);
});

skipUnless(test, noLimits, 'what a program left that was killed is removed by isolate gc', async () => {
  const code = `
    const running = await bare().limits({ pids: 8 }).spawn('sleep', ['1000'], { stdio: 'ignore' });
    console.log(running.pid);
  `;
  const [file, args] = programOf(code);
  const program = spawn(file, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await once(program.stdout, 'data');
  const pid = Number(printed);
  assert.ok(isAlive(pid));
  program.kill('SIGKILL');
  await once(program, 'exit');
  const isLeft = (text: string) => new RegExp(`isolate-${program.pid}-`).test(text);
  const [top, gc, after] = runEach([['top', '--once'], ['gc'], ['top', '--once']]);
  // Any program that makes its first group at this moment removes it, too.
  if (isLeft(top?.stdout ?? '')) assert.ok(isLeft(gc?.stdout ?? ''), gc?.stdout);
  assert.not(isLeft(after?.stdout ?? ''));
  await soon(() => !isAlive(pid), 'the end of what was left');
});

skipUnless(
  test,
  either(noLimits, userNamespacesRefused()),
  'the group of a detached box goes with it, whoever closes that',
  async () => {
    const name = `limits-${process.pid}`;
    const box = await isolate().limits({ pids: 16 }).open({ name, detached: true });
    const found = await findBox(name);
    const { exit } = await found.run('true');
    assert.is(exit.resources?.pids?.limit, 16);
    const directory = found.spec.cgroup?.parts?.[0]?.directory ?? '';
    const group = directory.slice(directory.lastIndexOf('/') + 1);
    assert.ok(findCgroup({ name: group, access: cgroupAccess() }));
    await found.close();
    await box.closed;
    assert.is(findCgroup({ name: group, access: cgroupAccess() }), undefined);
  },
);

test.run();
