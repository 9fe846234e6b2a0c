// isolate enter: into the namespaces of a process, and into a box, as from a shell.
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isolate, type RunningProcess } from '../src/index.js';
import { namespacesOf } from '../src/ns/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { runIsolate } from './helpers/command-lines.js';
import { layouts, noController, withGroup } from './helpers/groups.js';

const noProc = either(userNamespacesRefused(), freshProcRefused());
const [{ options } = { options: {} }] = layouts();
const folder = mkdtempSync(join(tmpdir(), 'isolate-enter-'));
process.env.XDG_RUNTIME_DIR = folder;
test.after(() => rmSync(folder, { recursive: true }));

const sleeper = (): Promise<RunningProcess> =>
  isolate().hostname('other').spawn('sleep', ['1000'], { stdio: 'ignore' });

skipUnless(test, noProc, 'a process: all in which it is elsewhere, or only some', async () => {
  await using other = await sleeper();
  const all = runIsolate(['enter', String(other.pid), '--', 'sh', '-c', 'hostname; pwd; readlink /proc/self/ns/net']);
  const { net } = namespacesOf(other.pid);
  assert.is(all.stdout, `other\n/\nnet:[${net}]\n`, all.stderr);
  const line = [
    'enter',
    '--only',
    'user,net',
    String(other.pid),
    '--',
    'sh',
    '-c',
    'readlink /proc/self/ns/net /proc/self/ns/uts',
  ];
  const some = runIsolate(line);
  assert.is(some.stdout, `net:[${net}]\n${readlinkSync('/proc/self/ns/uts')}\n`, some.stderr);
});

skipUnless(
  test,
  either(noProc, noController('memory', 'pids')),
  'the control group is that of the caller, and with --join-cgroup that of the process: its limits hold then',
  async () => {
    await withGroup({ ...options, limits: { memory: { max: '48M' }, pids: { max: 16 } } }, async (group) => {
      await using other = await isolate().cgroup(group).spawn('sleep', ['1000'], { stdio: 'ignore' });
      const hungry = ['sh', '-c', 'head -c 150M /dev/zero | tail -c 120M | wc -c'];
      const outside = runIsolate(['enter', String(other.pid), '--', ...hungry]);
      assert.is(outside.stdout.trim(), String(120 * 2 ** 20), outside.stderr);
      const inside = runIsolate(['enter', String(other.pid), '--join-cgroup', '--', ...hungry]);
      assert.is.not(inside.stdout.trim(), String(120 * 2 ** 20));
      assert.match(inside.stderr, /killed for want of memory: the limit is 48.0M/);
    });
    const error = runIsolate(['enter', String(2 ** 22 + 1), '--join-cgroup', '--', 'true']);
    assert.match(error.stderr, /^isolate: join: there is no process 4194305$/m);
  },
);

skipUnless(test, noProc, 'a box is entered in its own control group', async () => {
  await using _ = await isolate().open({ name: 'grouped' });
  const ended = runIsolate(['enter', 'grouped', '--join-cgroup', '--', 'true']);
  assert.is(ended.status, 125);
  assert.match(ended.stderr, /--join-cgroup: in a box a command is in the group of the box/);
});

skipUnless(test, noProc, 'the options of a command, its exit status, and the status file', async () => {
  await using other = await sleeper();
  const status = join(folder, 'status.json');
  const options = ['--env', 'A=b', '--cap', '', '--umask', '077', '--status-json', status, '--timeout', '1h'];
  const script = 'echo $A; umask; grep CapEff /proc/self/status; exit 7';
  const ended = runIsolate(['enter', ...options, String(other.pid), '--', 'sh', '-c', script]);
  assert.is(ended.stdout, 'b\n0077\nCapEff:\t0000000000000000\n', ended.stderr);
  assert.is(ended.status, 7);
  const { exit, error, namespaces } = JSON.parse(readFileSync(status, 'utf8'));
  assert.equal(exit, { kind: 'exited', code: 7 });
  assert.is(error, null);
  assert.equal(namespaces, namespacesOf(other.pid));
  assert.is(runIsolate(['enter', String(other.pid), '--', 'no-such-command']).status, 127);
  assert.is(runIsolate(['enter', '--timeout', '100ms', String(other.pid), '--', 'sleep', '100']).status, 124);
});

skipUnless(test, noProc, 'a box, by its name: with what its sandbox says, and what the options change', async () => {
  await using box = await isolate().hostname('inside').env({ A: 'box' }).umask(0o27).open({ name: 'entered' });
  const script = 'hostname; echo $A; umask; grep CapBnd /proc/self/status; readlink /proc/self/ns/pid';
  const ended = runIsolate(['enter', 'entered', '--', 'sh', '-c', script]);
  const { pid } = namespacesOf(box.pid);
  assert.is(ended.stdout, `inside\nbox\n0027\nCapBnd:\t0000000000000000\npid:[${pid}]\n`, ended.stderr);
  const changed = runIsolate([
    'enter',
    '--env',
    'A=other',
    'entered',
    '--cwd',
    '/tmp',
    '--',
    'sh',
    '-c',
    'echo $A; pwd',
  ]);
  assert.is(changed.stdout, 'other\n/tmp\n', changed.stderr);
});

skipUnless(
  test,
  noProc,
  'options stand before the target or the command; what follows the command is for it',
  async () => {
    await using box = await isolate().open({ name: 'parsed' });
    const command = ['sh', '-c', 'echo $0 $* $A $B; pwd', '--env', '-l', '--help', '--', '--cwd'];
    const says = (given: string) => `--env -l --help -- --cwd${given}\n`;
    for (const target of ['parsed', String(box.pid)]) {
      for (const [line, given] of [
        [[target, ...command], ''],
        [['--env', 'A=a', target, '--env', 'B=b', ...command], ' a b'],
        [[target, '--env', 'A=a', '--env', 'B=b', '--', ...command], ' a b'],
        [['--env', 'A=a', target, '--', ...command], ' a'],
        [['--', target, ...command], ''],
      ] as const) {
        const { stdout, stderr } = runIsolate(['enter', '--cwd', '/', ...line]);
        assert.is(stdout, `${says(given)}/\n`, stderr);
      }
    }
    for (const line of [
      ['parsed', '-l', 'ls'],
      ['-l', 'parsed', 'ls'],
    ]) {
      const { status, stderr } = runIsolate(['enter', ...line]);
      assert.equal([status, stderr.split('\n')[0]], [125, "isolate: unknown option '-l'"]);
    }
    assert.match(runIsolate(['enter', 'parsed', '--help']).stdout, /^Usage: isolate enter/);
  },
);

skipUnless(test, noProc, 'the status file tells the namespaces of what has ended at once', async () => {
  await using box = await isolate().open({ name: 'told' });
  const status = join(folder, 'ended.json');
  for (const target of ['told', String(box.pid)]) {
    const ended = runIsolate(['enter', target, '--status-json', status, '--', 'true']);
    assert.is(ended.status, 0, ended.stderr);
    assert.equal(JSON.parse(readFileSync(status, 'utf8')).namespaces, namespacesOf(box.pid), target);
  }
});

skipUnless(test, noProc, 'a command of a box is what another spec says, if the namespaces are the same', async () => {
  const sandbox = isolate();
  await using box = await sandbox.open();
  const { stdout } = await box.run('sh', ['-c', 'umask; pwd'], { spec: sandbox.umask(0o77).cwd('/tmp').spec });
  assert.is(stdout, '0077\n/tmp\n');
  const error = await box.run('true', [], { spec: sandbox.hostname('x').spec }).catch((error) => error);
  assert.is(error.field, 'hostname');
});

test('nobody is there, or nothing of that name: 125, and what there is', async () => {
  for (const [target, says] of [
    ['4194305', /not there/],
    ['no-such-box', /no box has the name/],
    ['-x', /unknown option/],
    ['a/b', /not a name for a box/],
    [String(process.pid), /same namespaces/],
  ] as const) {
    const ended = runIsolate(['enter', target, '--', 'true']);
    assert.is(ended.status, 125, target);
    assert.match(ended.stderr, says);
    assert.match(ended.stderr, /^isolate: /);
  }
});

test.run();
