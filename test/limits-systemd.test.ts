// Where systemd manages the control groups: a scope of its own for the program, and slices. In programs of their own, which are moved.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupAccess } from '../src/cgroup/index.js';
import { bare, Sandbox, SpecError } from '../src/index.js';
import { commandMissing, either, isRoot, skipUnless } from './helpers/can.js';
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

skipUnless(test, noSystemd, 'where nothing is delegated, the program is moved into a scope that is', () => {
  const program = quoted(programOf(limited('')));
  // In a unit that systemd manages itself.
  const unit = ['systemd-run', ...(isRoot ? [] : ['--user']), '--quiet', '--pipe', '--wait', '--collect'];
  const here = ['-p', `WorkingDirectory=${repository}`, '--', 'sh', '-c', program];
  const [first = ''] = printed([...unit, ...here]);
  assert.match(first, /\.scope\/isolate-\d|\.service\/isolate-\d/);
});

test('what is no slice is refused, and where there is no systemd any', async () => {
  for (const slice of ['jobs', '../x.slice', ...(hasSystemd ? [] : ['jobs.slice'])]) {
    const sandbox = Sandbox.from(bare().limits({ pids: 8 }).cgroup({ slice }).spec);
    const error = await sandbox.run('true').catch((error) => error);
    assert.instance(error, SpecError, String(error));
    assert.is(error.field, 'cgroup');
    assert.match(error.message, /slice/);
  }
  assert.throws(() => bare().cgroup({ slice: 'jobs.slice', parent: '/jobs' }), /slice/);
});

test.run();
