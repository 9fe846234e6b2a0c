// What limits do, seen from the processes that have them: on the kernel that is here, in each of its versions of control groups.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCgroup } from '../src/cgroup/index.js';
import { either, skipUnless } from './helpers/can.js';
import { layouts, noController, noGroups, refusalOf, soon, startIn, withGroup } from './helpers/groups.js';
import { isAlive } from './helpers/processes.js';

const megabyte = 2 ** 20;
const noSwap = await refusalOf({ limits: { memory: { max: '1M', swapMax: 0 } } });
const disk = diskHere();

for (const { name, options } of layouts()) {
  const on = (title: string) => `${title} (${name})`;

  skipUnless(test, noController('memory'), on('memory: the OOM killer ends a process, and it is counted'), () =>
    withGroup({ ...options, limits: { memory: { max: '24M' } } }, async (group) => {
      const { ended } = await startIn(group, 'exec tail /dev/zero');
      assert.is((await ended).signal, 'SIGKILL');
      await soon(() => group.counters().memory?.oomKill === 1, 'the counter');
      const { limit, peak } = group.stats().memory ?? {};
      assert.is(limit, 24 * megabyte);
      if (peak !== undefined) assert.ok(peak > 20 * megabyte && peak <= 25 * megabyte, `${peak}`);
    }),
  );

  skipUnless(test, noController('cpu'), on('cpu: no more time than the quota, within 10 %'), () =>
    withGroup({ ...options, limits: { cpu: { max: 0.2 } } }, async (group) => {
      await startIn(group, 'while :; do :; done');
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [start, before] = [performance.now(), group.stats().cpu];
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const cpu = group.stats().cpu;
      const used = (cpu?.usage ?? 0) - (before?.usage ?? 0);
      const share = used / (performance.now() - start);
      assert.ok(share < 0.2 * 1.1, `it had ${share} of a processor`);
      // What it did not get may have gone to others: but where it was throttled, it had had all of its 20 ms.
      const throttled = (cpu?.throttledPeriods ?? 0) - (before?.throttledPeriods ?? 0);
      assert.ok(used > throttled * 20 * 0.9, `it had ${used} ms, and was throttled ${throttled} times`);
      assert.ok((cpu?.throttledPeriods ?? 0) > 5 && (cpu?.throttled ?? 0) > 100, JSON.stringify(cpu));
    }),
  );

  skipUnless(test, noController('pids'), on('pids: a fork is refused, and nothing else'), () =>
    withGroup({ ...options, limits: { pids: { max: 3 } } }, async (group) => {
      const { ended } = await startIn(group, 'sleep 5 & sleep 5 & sleep 5 & wait; echo no');
      const { stdout, stderr } = await ended;
      assert.match(stderr, /[Cc]annot fork|can't fork|Resource temporarily/);
      assert.is(stdout, '');
      const refused = group.counters().pids?.refused;
      if (refused !== undefined) assert.ok(refused >= 1, String(refused));
      assert.is(group.stats().pids?.limit, 3);
    }),
  );

  skipUnless(test, noController('pids'), on('0 is zero: not one process more'), () =>
    withGroup({ ...options, limits: { pids: { max: 0 } } }, async (group) => {
      const { ended } = await startIn(group, 'sleep 5');
      assert.match((await ended).stderr, /fork|temporarily/);
    }),
  );

  skipUnless(test, noGroups, on('a group that is frozen does nothing, and goes on when it is thawed'), () =>
    withGroup(options, async (group) => {
      const { child, pid } = await startIn(group, 'while :; do echo tick; sleep 0.01; done');
      let ticks = 0;
      child.stdout?.on('data', () => ticks++);
      await soon(() => ticks > 2, 'it runs');
      await group.freeze();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const before = ticks;
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.is(ticks, before);
      await group.freeze();
      await group.thaw();
      await soon(() => ticks > before, 'it goes on');
      await group.freeze();
      await group.kill();
      assert.not(isAlive(pid));
    }),
  );

  skipUnless(test, noController('pids'), on('kill ends a tree that keeps forking'), () =>
    withGroup({ ...options, limits: { pids: { max: 2000 } } }, async (group) => {
      const bomb =
        'f() { while :; do (setsid sh -c "sleep 100; sleep 100" & sleep 100) & sleep 0.05; done; }; f 2>/dev/null';
      const { ended } = await startIn(group, bomb);
      await soon(() => group.processes().length > 20, 'it grows', 60);
      const pids = group.processes();
      await group.kill();
      assert.not(group.isPopulated());
      assert.equal(pids.filter(isAlive), []);
      assert.is((await ended).signal, 'SIGKILL');
    }),
  );

  skipUnless(test, noController('memory', 'pids', 'cpu'), on('limits change while it runs, up and down'), () =>
    withGroup(
      { ...options, limits: { memory: { max: '64M' }, pids: { max: 5 } }, controllers: ['cpu'] },
      async (group) => {
        await startIn(group, 'sleep 60');
        for (const max of ['128M', '32M', 'max', '48M'] as const) {
          await group.update({ memory: { max } });
          assert.is(group.stats().memory?.limit, max === 'max' ? 'max' : Number.parseInt(max, 10) * megabyte);
        }
        for (const max of [0.5, 0.001, 2, 'max', 0.25] as const) await group.update({ cpu: { max } });
        await group.update({ cpu: { max: 1, period: '10ms' } });
        await group.update({ pids: { max: 1 } });
        assert.is(group.stats().pids?.limit, 1);
        assert.equal(group.limits, { memory: { max: '48M' }, pids: { max: 1 }, cpu: { max: 1, period: '10ms' } });
      },
    ),
  );

  skipUnless(test, noSwap, on('memory with swap: raised and lowered in the right order'), () =>
    withGroup({ ...options, limits: { memory: { max: '32M', swapMax: 0 } } }, async (group) => {
      await startIn(group, 'sleep 60');
      for (const [max, swapMax] of [
        ['64M', 0],
        ['128M', '1M'],
        ['16M', 0],
        ['max', 'max'],
        ['16M', '64M'],
        ['80M', 0],
      ] as const) {
        await group.update({ memory: { max, swapMax } });
      }
      const limit = group.parts.find(({ controllers }) => controllers.includes('memory'))?.directory;
      const both = { 1: 'memory.memsw.limit_in_bytes', 2: 'memory.swap.max' } as const;
      const version = group.parts.find(({ controllers }) => controllers.includes('memory'))?.version ?? 2;
      assert.is(Number(readFileSync(`${limit}/${both[version]}`, 'utf8')), version === 1 ? 80 * megabyte : 0);
    }),
  );

  skipUnless(
    test,
    noController('memory'),
    on('memory: a limit below what is in use kills in v2, and is refused in v1'),
    () =>
      withGroup({ ...options, limits: { memory: { max: '64M' } } }, async (group) => {
        await startIn(group, '(head -c 30000000 /dev/zero; exec sleep 60) | tail > /dev/null');
        await soon(() => (group.stats().memory?.anonymous ?? 0) > 28_000_000, 'the memory');
        const version = group.parts.find(({ controllers }) => controllers.includes('memory'))?.version;
        const error = await group.update({ memory: { max: '4M' } }).catch((reason) => reason);
        if (version === 1) {
          assert.is(error.code, 'EBUSY', error.message);
          assert.match(error.message, /memory\.max(.|\n)*uses more than that/);
          assert.is(group.stats().memory?.limit, 64 * megabyte);
        } else {
          await soon(() => (group.counters().memory?.oomKill ?? 0) > 0, 'the kill');
          assert.is(group.stats().memory?.limit, 4 * megabyte);
        }
      }),
  );

  skipUnless(test, noController('cpu', 'cpuset', 'memory'), on('what fails leaves every limit as it was'), () =>
    withGroup(
      { ...options, limits: { memory: { max: '64M' }, cpu: { max: 0.5 } }, controllers: ['cpuset'] },
      async (group) => {
        await group.update({ memory: { max: '32M' }, cpu: { max: 0.25 }, cpuset: { cpus: '900' } }).then(
          () => assert.unreachable('a processor that is not there'),
          (error) => assert.is(error.action, 'write', error.message),
        );
        assert.is(group.stats().memory?.limit, 64 * megabyte);
        assert.equal(group.limits, { memory: { max: '64M' }, cpu: { max: 0.5 } });
        const cpu = group.parts.find(({ controllers }) => controllers.includes('cpu'));
        const file = cpu?.version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max';
        assert.match(readFileSync(`${cpu?.directory}/${file}`, 'utf8'), /^50000\b/);
      },
    ),
  );

  skipUnless(test, noController('cpuset'), on('cpuset: a process runs where it may'), () =>
    withGroup({ ...options, limits: { cpuset: { cpus: '0', mems: [0] } } }, async (group) => {
      const { ended } = await startIn(group, 'grep Cpus_allowed_list /proc/self/status');
      assert.match((await ended).stdout, /:\s*0\n/);
    }),
  );

  skipUnless(
    test,
    noController('cpuset'),
    on('cpuset: processors that are not there are refused, and nothing is left'),
    async () => {
      const error = await openCgroup({ ...options, limits: { cpuset: { cpus: '900' } } }).then(
        () => undefined,
        (reason) => reason,
      );
      assert.is(error?.action, 'write', error?.message);
    },
  );

  skipUnless(
    test,
    either(noController('io'), disk === undefined ? 'there is no disk' : undefined),
    on('io: a disk is found from a path, and read as slowly as the limit says'),
    () =>
      withGroup({ ...options, controllers: ['io'] }, async (group) => {
        if (disk === undefined) return;
        const all = { readBytes: '1M/s', writeBytes: '20M/s', reads: 1000 };
        await group.update({ io: { devices: { [disk]: all }, directOnly: true } });
        await group.update({ io: { devices: { [disk]: { readBytes: 'max' } } } });
        await group.update({ io: { devices: { [disk]: { readBytes: '4M' } } } });
        const { directory, version } =
          group.parts.find(({ controllers }) => controllers.some((one) => one === 'io' || one === 'blkio')) ?? {};
        const text = readFileSync(
          `${directory}/${version === 1 ? 'blkio.throttle.read_bps_device' : 'io.max'}`,
          'utf8',
        );
        assert.match(text, /\d+:\d+ .*4194304/);
      }),
  );

  skipUnless(test, noGroups, on('the group goes with the processes and the groups in it'), async () => {
    const group = await openCgroup(options);
    const below = await openCgroup({ parent: group, name: 'below' });
    const { pid, ended } = await startIn(below, 'exec sleep 60');
    assert.equal(group.processes(), [pid]);
    assert.ok(group.isPopulated());
    await group.remove();
    await group.remove();
    assert.is((await ended).signal, 'SIGKILL');
    assert.throws(
      () => group.stats(),
      (error: Error) => 'code' in error && error.code === 'ENOENT',
    );
    const gone = await group.attach(process.pid).then(
      () => 'attached',
      (error) => error.code,
    );
    assert.is(gone, 'ENOENT');
  });
}

/** A disk that this file is on; without one there is nothing to limit. */
function diskHere(): string | undefined {
  const line = readFileSync('/proc/partitions', 'utf8')
    .split('\n')
    .map((one) => one.trim().split(/\s+/))
    .find(([major, , , name]) => /^\d+$/.test(major ?? '') && name !== undefined && !/^(ram|loop)/.test(name));
  return line === undefined ? undefined : `${line[0]}:${line[1]}`;
}

test.run();
