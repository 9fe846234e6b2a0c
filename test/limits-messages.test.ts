// What is said where limits cannot be, or were too small: what to do, in the words of who asked.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupAccess, openCgroup } from '../src/cgroup/index.js';
import { bare, isolate, SpecError, StepError } from '../src/index.js';
import { either, freshProcRefused, onUserModeLinux, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { runEach, startIsolate } from './helpers/command-lines.js';
import { layouts, noController, noGroups, withGroup } from './helpers/groups.js';
import { noOwnGroups } from './helpers/own-groups.js';

const [{ options } = { options: {} }] = layouts();
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

skipUnless(
  test,
  either(noOwnGroups, noController('memory'), userNamespacesRefused(), freshProcRefused(), onUserModeLinux),
  'too little memory: where a call fails as for want of it, the limit is a possible cause',
  async () => {
    for (let kibibytes = 0; kibibytes <= 160; kibibytes += 4) {
      const error = await caught(
        isolate()
          .limits({ memory: kibibytes * 1024 })
          .run('true'),
      );
      if (error === undefined || error instanceof SpecError) continue;
      assert.instance(error, StepError, `${error}`);
      if (!['ENOMEM', 'ENOSPC', 'ENFILE', 'E2BIG'].includes(error.code)) continue;
      assert.match(
        error.message,
        /possible cause: .*the limit on memory is too small/,
        `${kibibytes}K: ${error.message}`,
      );
    }
  },
);

skipUnless(test, noController('cpuset'), 'cpuset: an error says which processors there are', async () => {
  const error = await caught(openCgroup({ ...options, limits: { cpuset: { cpus: '900' } } }));
  const online = readFileSync('/sys/devices/system/cpu/online', 'utf8').trim();
  assert.ok(['EINVAL', 'ERANGE', 'EACCES'].includes(error.code), error.message);
  if (error.code !== 'EACCES')
    assert.ok(error.message.includes(`help  there are the processors ${online} here`), error.message);
});

skipUnless(test, noController('io'), 'io: numbers of no disk', async () => {
  const error = await caught(openCgroup({ ...options, limits: { io: { devices: { '987:6': { reads: 1 } } } } }));
  assert.match(error.message, /there is no disk 987:6\n {2}help {2}those that there are: \/sys\/dev\/block/);
});

skipUnless(test, noGroups, 'a group that is not there, by its path', () => {
  const [directory, nowhere] = runEach([
    ['run', '--bare', '--cgroup', '/sys/fs/cgroup/no-such/group', '--', 'true'],
    ['run', '--bare', '--cgroup', '/no-such/group', '--', 'true'],
  ]);
  assert.match(
    directory?.stderr ?? '',
    /^isolate: cgroup: there is no group \/sys\S+\n {2}help {2}give the path that \/proc\/PID\/cgroup has/,
  );
  assert.match(
    nowhere?.stderr ?? '',
    /^isolate: cgroup: there is no group \/no-such\/group\n {2}help .* --cgroup with a limit$/m,
  );
});

const version = (...names: string[]) =>
  cgroupAccess().bases.find(({ controllers }) => names.some((name) => controllers.includes(name)))?.version;

skipUnless(
  test,
  either(noController('io'), version('blkio') === 1 ? undefined : 'v2 has rates of writing'),
  'the command line is told of its own options alone',
  () => {
    const [ended] = runEach([['run', '--bare', '--io', `${tmpdir()}:write=1M`, '--', 'true']]);
    assert.match(ended?.stderr ?? '', /by way of the page cache\n {2}help {2}boot the host with cgroup v2 alone\n$/);
  },
);

skipUnless(
  test,
  either(noOwnGroups, noController('pids')),
  'a change of limits: too late, or without the controller',
  async () => {
    const child = await bare().limits({ pids: 8 }).spawn('sleep', ['1000']);
    assert.match(
      (await caught(child.update({ memory: '64M' }))).message,
      /no such controller\n.*\.cgroup\(\{ controllers: \['memory'\] \}\)/,
    );
    child.kill();
    await child.exited;
    const error = await caught(child.update({ pids: 9 }));
    assert.is(error.code, 'ENOENT');
    assert.match(error.message, /the command has ended, and its group is gone with it/);
  },
);

skipUnless(test, noGroups, 'what cannot be is a SpecError, whatever it is', async () => {
  const wrong = [1n, Symbol('s'), {}, Object.create(null), []] as never[];
  for (const given of wrong) {
    for (const explain of [
      () => bare().cgroup({ slice: given }).explain('true'),
      () =>
        bare()
          .limits({ memory: { max: given } })
          .explain('true'),
    ]) {
      try {
        explain();
        assert.unreachable();
      } catch (error) {
        assert.instance(error, SpecError, `${(error as Error).stack}`);
      }
    }
  }
  const child = await bare().cgroup({}).spawn('sleep', ['1000']);
  for (const given of [null, 5, { evry: 1 }] as never[])
    assert.throws(
      () => child.stats(given),
      (error: Error) => error instanceof SpecError,
    );
  child.kill();
  await child.exited;
});

skipUnless(test, noGroups, 'isolate top ends quietly where nobody reads on', () =>
  withGroup({ ...options, name: `unread-${process.pid}` }, async () => {
    const top = startIsolate(['top']);
    top.stdout.destroy();
    const errors = top.stderr.setEncoding('utf8').toArray();
    const [status] = (await once(top, 'exit')) as [number];
    assert.is((await errors).join(''), '');
    assert.is(status, 141);
  }),
);

test.run();
