// What happens to the group of a command while it starts and lives: frozen, gone, killed, read-only.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CgroupError, findCgroup, openCgroup, removeStaleCgroups } from '../src/cgroup/index.js';
import { bare } from '../src/index.js';
import { either, rootOnly, skipUnless } from './helpers/can.js';
import { noController } from './helpers/groups.js';
import { howItEnded } from './helpers/how-it-ended.js';
import { output } from './helpers/inside.js';
import { groupsOf, noOwnGroups } from './helpers/own-groups.js';
import { isAlive } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

const noPids = either(noOwnGroups, noController('pids'));

test.after.each(() => {
  assert.equal(groupsOf(process.pid), [], 'a group is left');
});

skipUnless(test, noPids, 'a command waits for a frozen group, and nobody for the command', async () => {
  await using group = await openCgroup({ controllers: ['pids'] });
  await group.freeze();
  const sandbox = bare().cgroup(group);
  let hasBegun = false;
  const waits = sandbox.run('true').then((result) => {
    hasBegun = true;
    return result;
  });
  assert.is((await sandbox.timeout('300ms').run('true')).exit.kind, 'timeout');
  const error = await sandbox.run('true', [], { signal: AbortSignal.timeout(100) }).catch((error) => error);
  assert.is(error.name, 'TimeoutError', error.stack);
  assert.not(hasBegun);
  await group.thaw();
  assert.is((await waits).exit.kind, 'exited');
});

skipUnless(test, noPids, 'a command that somebody has frozen is ended all the same', async () => {
  const name = `frozen-${process.pid}`;
  for (const end of ['timeout', 'abort', 'dispose'] as const) {
    const stop = new AbortController();
    const sandbox = bare().limits({ pids: 8 }).cgroup({ name });
    const running = await (end === 'timeout' ? sandbox.timeout('2s') : sandbox).spawn('sleep', ['1000'], {
      signal: stop.signal,
    });
    await findCgroup({ name })?.freeze();
    if (end === 'abort') stop.abort();
    if (end === 'dispose') await running[Symbol.asyncDispose]();
    await running.exited.catch(() => {});
    assert.not(isAlive(running.pid));
    assert.is(findCgroup({ name }), undefined, end);
  }
});

skipUnless(
  test,
  noPids,
  'a group that vanishes: the command goes on, what is asked of its group is an error',
  async () => {
    const name = `vanishes-${process.pid}`;
    await using other = await openCgroup({ controllers: ['pids'] });
    const running = await bare()
      .limits({ pids: 8 })
      .cgroup({ name })
      .spawn('sh', ['-c', 'read go; exit 3'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await other.attach(running.pid);
    await findCgroup({ name })?.remove();
    assert.ok(isAlive(running.pid));
    const error = await running.update({ pids: 16 }).catch((error) => error);
    assert.instance(error, CgroupError);
    assert.is(error.code, 'ENOENT');
    for await (const _ of running.stats({ every: '10ms' })) assert.unreachable('there is nothing to measure');
    running.stdin?.end('go\n');
    const exit = await running.exited;
    assert.equal([howItEnded(exit), exit.resources], ['exit 3', undefined]);
  },
);

skipUnless(test, noPids, 'a group that is gone takes no command', async () => {
  const group = await openCgroup({ controllers: ['pids'] });
  const sandbox = bare().cgroup(group);
  await group.remove();
  const error = await sandbox.run('true').catch((error) => error);
  assert.ok(error instanceof Error && 'code' in error, String(error));
  assert.match(error.message, /gone|no group|ENOENT/);
});

skipUnless(test, noPids, 'a group is removed while commands live in it: each is told to have been killed', async () => {
  const group = await openCgroup({ controllers: ['pids'] });
  const sandbox = bare().cgroup(group);
  const all = await Promise.all([1, 2, 3].map(() => sandbox.spawn('sh', ['-c', 'sleep 1000 & wait'])));
  await group.remove();
  for (const running of all) {
    assert.is(howItEnded(await running.exited), 'signal 9');
  }
});

const remount = (option: string) =>
  `for at in $(awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts); do mount -o remount,bind,${option} $at || exit 1; done`;

skipUnless(
  test,
  either(rootOnly(), noPids),
  'what becomes read-only: each act is an error that says so, and a command ends as it would',
  async () => {
    const code = `
      const { execFileSync } = await import('node:child_process');
      const group = await cgroup.openCgroup({ limits: { pids: { max: 8 } } });
      const running = await bare().limits({ pids: 8 }).spawn('sh', ['-c', 'read go; exit 3'], { stdio: ['pipe', 'ignore', 'ignore'] });
      execFileSync('sh', ['-c', ${JSON.stringify(remount('ro'))}]);
      const acts = {
        update: () => group.update({ pids: { max: 9 } }),
        attach: () => group.attach(process.pid),
        freeze: () => group.freeze(),
        remove: () => group.remove(),
        live: () => running.update({ pids: 9 }),
        run: () => bare().limits({ pids: 8 }).run('true'),
      };
      const told = {};
      for (const [name, act] of Object.entries(acts)) {
        told[name] = await act().then(() => 'done', ({ code, message }) => code + ' ' + message);
      }
      running.stdin.end('go\\n');
      told.exit = (await running.exited).code;
      execFileSync('sh', ['-c', ${JSON.stringify(remount('rw'))}]);
      await group.remove();
      console.log(JSON.stringify(told));
    `;
    const [file, args] = programOf(code);
    const printed = await output(bare().unshare('mount').cwd(repository), file, ...args);
    const { exit, ...told } = JSON.parse(printed) as Record<string, string>;
    for (const [act, text] of Object.entries(told)) {
      assert.match(text, act === 'run' ? /^ERR_ISOLATE_SPEC (.|\n)*read-only/ : /^EROFS (.|\n)*read-only/, act);
    }
    assert.is(exit, 3);
    // That of its command could not be removed then.
    await removeStaleCgroups();
  },
);

test.run();
