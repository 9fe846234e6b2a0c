// What limits of a sandbox do, seen from the command, and from the host when it has ended: nothing is left.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CgroupEvent } from '../src/cgroup/index.js';
import { bare, type Exit, isolate, type Sandbox, StepError } from '../src/index.js';
import { commandMissing, either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { noController } from './helpers/groups.js';
import { noOwnGroups, ownGroups } from './helpers/own-groups.js';
import { isAlive } from './helpers/processes.js';

const noNamespaces = either(userNamespacesRefused(), freshProcRefused());
const megabyte = 2 ** 20;

/** With and without an init, and with none of the namespaces. */
const kinds: [name: string, sandbox: Sandbox, reason: string | undefined][] = [
  ['bare', bare(), undefined],
  ['isolated', isolate(), noNamespaces],
  ['as process 1', isolate().asPid1(), noNamespaces],
];

test.after.each(() => {
  assert.equal(ownGroups(), [], 'a group is left');
});

const resourcesOf = (exit: Exit) => {
  assert.ok(exit.resources, JSON.stringify(exit));
  return exit.resources as NonNullable<Exit['resources']>;
};

for (const [name, sandbox, reason] of kinds) {
  const skip = (...controllers: Parameters<typeof noController>) =>
    either(noOwnGroups, reason, noController(...controllers));

  skipUnless(test, skip('memory'), `memory: the end is oom, with the limit and the peak (${name})`, async () => {
    const { exit } = await sandbox.limits({ memory: '24M' }).run('tail', ['/dev/zero']);
    assert.is(exit.kind, 'oom', JSON.stringify(exit));
    if (exit.kind !== 'oom') return;
    assert.is(exit.limit, 24 * megabyte);
    assert.is(exit.signal, 'SIGKILL');
    if (exit.peak !== undefined) assert.ok(exit.peak > 20 * megabyte && exit.peak <= 25 * megabyte, `${exit.peak}`);
    assert.ok((resourcesOf(exit).oomKills ?? 0) >= 1);
  });

  skipUnless(test, skip('memory'), `memory: what is killed below the command is counted (${name})`, async () => {
    const { exit } = await sandbox.limits({ memory: '24M' }).run('sh', ['-c', 'tail /dev/zero; echo on; exit 3']);
    assert.is(exit.kind, 'exited', JSON.stringify(exit));
    assert.ok((resourcesOf(exit).oomKills ?? 0) >= 1);
  });

  skipUnless(test, skip('pids'), `pids: a fork is refused, and counted (${name})`, async () => {
    const { stdout, stderr, exit } = await sandbox
      .limits({ pids: 4 })
      .run('sh', ['-c', 'sleep 3 & sleep 3 & sleep 3 & sleep 3 & wait; echo no']);
    assert.match(stderr, /fork|temporarily/);
    assert.is(stdout, '');
    const { refusedForks, pids } = resourcesOf(exit);
    if (refusedForks !== undefined) assert.ok(refusedForks >= 1);
    assert.is(pids?.limit, 4);
  });

  skipUnless(test, skip('cpu'), `cpus: no more time than that (${name})`, async () => {
    const { exit } = await sandbox.limits({ cpus: 0.2 }).timeout('2s').run('sh', ['-c', 'while :; do :; done']);
    assert.is(exit.kind, 'timeout');
    const { cpu } = resourcesOf(exit);
    assert.ok((cpu?.throttledPeriods ?? 0) > 3, JSON.stringify(cpu));
    // Where the kernel counts in ticks, a period may have two of them.
    assert.ok((cpu?.usage ?? 0) < 0.45 * (exit.wallTime + 100), JSON.stringify({ cpu, wallTime: exit.wallTime }));
  });

  skipUnless(
    test,
    skip('memory'),
    `a limit that lets nothing begin is an error or oom, and this program lives (${name})`,
    async () => {
      for (const memory of ['64K', '256K', '1M', 0] as const) {
        const ended = await sandbox
          .limits({ memory })
          .run('true')
          .then(
            ({ exit }) => exit,
            (error) => error,
          );
        if (ended instanceof Error) assert.instance(ended, StepError, ended.stack);
        else assert.ok(['oom', 'exited', 'signaled'].includes(ended.kind), JSON.stringify(ended));
      }
    },
  );

  skipUnless(test, skip('pids'), `what the command leaves behind is killed (${name})`, async () => {
    const { stdout } = await bare()
      .limits({ pids: 16 })
      .run('sh', ['-c', 'setsid sleep 1000 > /dev/null 2>&1 & echo $!']);
    assert.not(isAlive(Number(stdout)));
  });

  skipUnless(test, skip('pids'), `a launch that fails leaves no group (${name})`, async () => {
    const failed = await sandbox
      .limits({ pids: 16 })
      .run('/no/such/command')
      .catch((error) => error);
    assert.instance(failed, StepError);
    assert.is(failed.reason, 'command-not-found');
  });

  skipUnless(
    test,
    skip('pids'),
    `the group is there for the command and its init, from its begin (${name})`,
    async () => {
      const running = await sandbox.limits({ pids: 16 }).spawn('sleep', ['1000']);
      await using _ = running;
      const [group] = ownGroups();
      assert.ok(group !== undefined);
      assert.match(
        readFileSync(`/proc/${running.pid}/cgroup`, 'utf8'),
        new RegExp(String(group).replaceAll('.', '\\.')),
      );
      for await (const { pids } of running.stats({ every: '10ms' })) {
        assert.is(pids?.current, name === 'isolated' ? 2 : 1);
        break;
      }
    },
  );
}

skipUnless(test, either(noOwnGroups, noNamespaces, noController('pids')), 'inside, the group is the root', async () => {
  const { stdout } = await isolate().limits({ pids: 16 }).run('cat', ['/proc/self/cgroup']);
  const own = stdout.split('\n').filter((line) => /^0::|:pids:/.test(line));
  assert.ok(own.length > 0);
  for (const line of own) assert.match(line, /:\/$/);
});

skipUnless(test, either(noOwnGroups, noController('pids')), 'an end by us takes all of the group', async () => {
  const { exit, stdout } = await bare()
    .limits({ pids: 16 })
    .timeout('500ms')
    .run('sh', ['-c', 'setsid sleep 1000 & echo $!; sleep 1000']);
  assert.is(exit.kind, 'timeout');
  assert.not(isAlive(Number(stdout)));
});

skipUnless(test, either(noOwnGroups, noController('pids')), 'limits are changed while it runs', async () => {
  const script = 'read go; sleep 0.1 & sleep 0.1 & wait; echo fine';
  const running = await bare()
    .limits({ pids: 1 })
    .spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  await running.update({ pids: 8 });
  running.stdin?.end('go\n');
  const printed: Buffer[] = [];
  for await (const chunk of running.stdout ?? []) printed.push(chunk);
  assert.is(Buffer.concat(printed).toString(), 'fine\n');
  const exit = await running.exited;
  assert.is(resourcesOf(exit).pids?.limit, 8);
});

skipUnless(test, either(noOwnGroups, noController('memory', 'cpu')), 'it is measured until it ends', async () => {
  const running = await bare().limits({ memory: '64M', cpus: 1 }).spawn('sleep', ['0.3']);
  let times = 0;
  for await (const { memory, cpu } of running.stats({ every: '50ms' })) {
    assert.ok((memory?.current ?? 0) >= 0 && cpu !== undefined);
    times++;
  }
  assert.ok(times >= 2 && times <= 12, String(times));
  await running.exited;
});

skipUnless(
  test,
  either(noOwnGroups, noController('pids'), commandMissing('perl')),
  'its group can be watched, and stopped',
  async () => {
    await using running = await bare()
      .limits({ pids: 1 })
      .spawn('perl', ['-e', '<STDIN>; fork() // print "refused"; sleep 1000'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const { cgroup } = running;
    assert.ok(cgroup !== undefined);
    assert.ok(cgroup.processes().includes(running.pid));
    const told = new Promise<CgroupEvent>((resolve) => cgroup.watch(resolve));
    await cgroup.freeze();
    running.stdin?.end('\n');
    assert.is(await Promise.race([told, setTimeout(300, 'stopped')]), 'stopped');
    await cgroup.thaw();
    assert.equal(await told, { kind: 'fork-refused', count: 1, limit: 1 });
    await using other = await bare().spawn('sleep', ['1000']);
    assert.is(other.cgroup, undefined);
  },
);

skipUnless(
  test,
  either(noOwnGroups, noNamespaces, noController('pids')),
  'a box is measured and changed as a whole',
  async () => {
    const box = await isolate().limits({ pids: 3 }).open();
    {
      await using _ = box;
      const fork = () => box.run('sh', ['-c', 'sleep 0.1 & sleep 0.1 & wait']).then(({ stderr }) => stderr);
      assert.match(await fork(), /fork/);
      await box.update({ pids: 8 });
      assert.is(await fork(), '');
      await using sleeping = await box.spawn('sleep', ['1000']);
      assert.is(box.cgroup?.processes().includes(sleeping.pid), true);
      for await (const { pids } of box.stats({ every: '10ms' })) {
        assert.equal([pids?.current, pids?.limit], [2, 8]);
        break;
      }
    }
    assert.throws(() => box.stats(), /closed/);
    await using other = await isolate().open();
    assert.is(other.cgroup, undefined);
    assert.throws(() => other.stats(), /the box has no control group/);
  },
);

test.run();
