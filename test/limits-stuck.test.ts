// Processes that cannot be ended: how long is waited for them, what is said of them, and what is done with the others.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCgroup } from '../src/cgroup/index.js';
import { ownerOf, ownName } from '../src/cgroup/name.js';
import { openNamed } from '../src/cgroup/open.js';
import { signalAll } from '../src/cgroup/signal.js';
import { bare } from '../src/index.js';
import { commandMissing, either, rootOnly, skipUnless } from './helpers/can.js';
import { withFreeDescriptors } from './helpers/few-descriptors.js';
import { noFreezer, withFreezer } from './helpers/freezer.js';
import { layouts, noController, noGroups, soon, startIn, withGroup } from './helpers/groups.js';
import { openDescriptors } from './helpers/host-state.js';
import { noOwnGroups } from './helpers/own-groups.js';
import { fileOf } from './helpers/proc-files.js';
import { isAlive } from './helpers/processes.js';
import { programOf, quoted, repository } from './helpers/program.js';

const [{ options } = { options: {} }] = layouts();
const asNobody = 'setpriv --reuid 65534 --regid 65534 --clear-groups';

skipUnless(test, noGroups, 'a signal that the kernel does not take leaves no descriptor', () =>
  withGroup(options, async (group) => {
    for (let i = 0; i < 5; i++) await startIn(group, 'exec sleep 1000');
    const before = openDescriptors().length;
    for (let times = 0; times < 3; times++) {
      const refused = signalAll(group.parts, 999);
      assert.equal(new Set(refused.map(({ error }) => error.code)), new Set(['EINVAL']));
      assert.is(refused.length, 5);
    }
    assert.is(openDescriptors().length, before);
  }),
);

skipUnless(test, noGroups, 'where there are few descriptors, all get the signal', () =>
  withGroup(options, async (group) => {
    const started = await Promise.all(Array.from({ length: 20 }, () => startIn(group, 'exec sleep 1000')));
    await withFreeDescriptors(6, async () => group.signal(constants.signals.SIGTERM));
    const ends = await Promise.all(started.map(({ ended }) => ended));
    assert.ok(ends.every(({ signal }) => signal === 'SIGTERM'));
  }),
);

for (const { name, options } of layouts()) {
  skipUnless(
    test,
    either(noGroups, rootOnly(), commandMissing('setpriv')),
    `a process of another user keeps no other from its signal (${name})`,
    () =>
      withGroup({ ...options, controllers: ['pids'] }, async (group) => {
        const other = await startIn(group, 'exec sleep 1000');
        const own = await startIn(group, `exec ${asNobody} sleep 1000`);
        await soon(() => fileOf(own.pid, 'cmdline') === 'sleep\x001000\x00', 'it sleeps');
        const code = `
          const group = new cgroup.Cgroup(${JSON.stringify(group.parts)}, {});
          try { group.signal(15) } catch ({ code }) { console.log(code) }
          await group.kill({ deadline: 100 }).catch(({ name, code, help }) => console.log(name, code, help));
        `;
        const { status, stdout, stderr } = spawnSync('sh', ['-c', `exec ${asNobody} ${quoted(programOf(code))}`], {
          cwd: repository,
          encoding: 'utf8',
        });
        assert.is(status, 0, stderr);
        const [signalled, killed] = stdout.split('\n');
        assert.is(signalled, 'EPERM');
        // cgroup.kill asks for the right to the file.
        const isOfFile = group.parts.some(({ version }) => version === 2);
        assert.match(
          killed ?? '',
          isOfFile ? /^CgroupError EACCES/ : `CgroupError ETIMEDOUT process ${other.pid} is of another user`,
        );
        assert.is((await own.ended).signal, 'SIGTERM');
        assert.ok(isAlive(other.pid));
      }),
  );
}

skipUnless(
  test,
  either(noOwnGroups, noController('pids'), noFreezer),
  'the end of a command waits 5 s in all',
  async () => {
    const name = `stuck-${process.pid}`;
    await withFreezer(async (frozen) => {
      const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
      const script = `sleep 1000 & echo $! > ${frozen}/cgroup.procs; echo FROZEN > ${frozen}/freezer.state`;
      const running = await bare()
        .limits({ pids: 8 })
        .cgroup({ name })
        .spawn('sh', ['-c', script], { stdio: 'ignore' });
      const begin = performance.now();
      assert.is((await running.exited).kind, 'exited');
      const took = performance.now() - begin;
      assert.ok(took > 4500 && took < 7000, `${took} ms`);
      const { message } = await warned;
      assert.match(message, /there are still \d+ after 5000 ms/);
      assert.match(message, new RegExp(`help {2}process \\d+ is frozen in ${frozen}, .*write THAWED to freezer.state`));
    });
    await findCgroup({ name })?.remove();
  },
);

skipUnless(
  test,
  either(noOwnGroups, noController('pids'), noFreezer),
  'what is stuck in a group of another keeps no program',
  async () => {
    const { namespaces } = ownerOf(ownName()) ?? {};
    const name = `isolate-${2 ** 22 + 1}-1-${namespaces}-${process.pid}.1`;
    await using group = await openNamed({ controllers: ['pids'] }, name);
    await withFreezer(async (frozen) => {
      const { pid } = await startIn(group, 'exec sleep 1000');
      writeFileSync(`${frozen}/cgroup.procs`, String(pid));
      writeFileSync(`${frozen}/freezer.state`, 'FROZEN');
      const [file, args] = programOf("await bare().limits({ pids: 8 }).run('true')");
      const begin = performance.now();
      const { status, stderr } = spawnSync(file, args, { cwd: repository, encoding: 'utf8' });
      assert.equal([status, stderr], [0, '']);
      const took = performance.now() - begin;
      assert.ok(took < 4000, `${took} ms`);
      assert.ok(isAlive(pid));
    });
  },
);

test.run();
