// What a group tells of itself while something happens in it.
import { existsSync, rmdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CgroupError, type CgroupEvent, openCgroup } from '../src/cgroup/index.js';
import { prlimit64, RLIMIT } from '../src/sys/index.js';
import { either, skipUnless } from './helpers/can.js';
import { layouts, noController, noGroups, soon, startIn, withGroup } from './helpers/groups.js';
import { openDescriptors } from './helpers/host-state.js';

const noPressure = either(noGroups, existsSync('/proc/pressure/cpu') ? undefined : 'this kernel has no PSI');

for (const { name, options } of layouts()) {
  const on = (title: string) => `${title} (${name})`;

  skipUnless(test, noController('memory'), on('an OOM kill is told, with the limit and the peak'), () =>
    withGroup({ ...options, limits: { memory: { max: '24M' } } }, async (group) => {
      const events: CgroupEvent[] = [];
      using _watch = group.watch((event) => events.push(event));
      for (const count of [1, 2]) {
        const { ended } = await startIn(group, 'exec tail /dev/zero');
        await ended;
        await soon(() => events.filter(({ kind }) => kind === 'oom-kill').length === count, 'the event');
      }
      const told = events.filter((event) => event.kind === 'oom-kill').at(-1);
      assert.is(told?.count, 2);
      assert.is(told?.limit, 24 * 2 ** 20);
      if (told?.peak !== undefined) assert.ok(told.peak > 20 * 2 ** 20, String(told.peak));
    }),
  );

  const noEvents = await pidsEventsMissing();
  skipUnless(test, either(noController('pids'), noEvents), on('a refused fork is told'), () =>
    withGroup({ ...options, limits: { pids: { max: 1 } } }, async (group) => {
      const events: CgroupEvent[] = [];
      using _watch = group.watch((event) => events.push(event));
      await (await startIn(group, 'sleep 1')).ended;
      await soon(() => events.some(({ kind }) => kind === 'fork-refused'), 'the event');
      const told = events.find((event) => event.kind === 'fork-refused');
      assert.ok((told?.count ?? 0) >= 1);
      assert.is(told?.limit, 1);
    }),
  );

  skipUnless(
    test,
    either(noController('pids'), noEvents),
    on('what cannot be read for a time is told, and what happened then is told after'),
    () =>
      withGroup({ ...options, limits: { pids: { max: 1 } } }, async (group) => {
        const events: CgroupEvent[] = [];
        using _watch = group.watch((event) => events.push(event));
        const { child, ended } = await startIn(group, 'sleep 1; read end; sleep 1');
        const { rlim_cur, rlim_max } = prlimit64(0, RLIMIT.NOFILE, null);
        prlimit64(0, RLIMIT.NOFILE, { rlim_cur: 0n, rlim_max });
        try {
          await soon(() => events.length > 0, 'the event');
        } finally {
          prlimit64(0, RLIMIT.NOFILE, { rlim_cur, rlim_max });
        }
        const [{ kind, error } = {}] = events as { kind?: string; error?: CgroupError }[];
        assert.equal([kind, error?.code, error?.action], ['unreadable', 'EMFILE', 'read']);
        child.kill('SIGKILL');
        await ended;
        await soon(() => events.some((event) => event.kind === 'fork-refused'), 'what happened');
        assert.is(events.filter((event) => event.kind === 'unreadable').length, 1);
      }),
  );

  skipUnless(test, noGroups, on('a listener that is no function is refused'), () =>
    withGroup(options, async (group) => {
      for (const listener of [undefined, null, 'log'] as unknown as (() => void)[]) {
        assert.throws(() => group.watch(listener), /listener/);
        assert.throws(() => group.watchPressure('cpu', { some: '1s', within: '2s' }, listener), /listener/);
      }
    }),
  );

  skipUnless(test, noGroups, on('what watches a group ends with it, and leaves no descriptor'), async () => {
    const before = openDescriptors().length;
    for (let times = 0; times < 20; times++) {
      const group = await openCgroup({
        ...options,
        controllers: noController('memory') === undefined ? ['memory'] : [],
      });
      const watch = group.watch(() => assert.unreachable('nothing happened'));
      if (times % 2 === 0) watch.close();
      await group.remove();
    }
    // The one that watches for all of this thread stays.
    await soon(() => openDescriptors().length <= before + 3, 'the descriptors');
  });
}

skipUnless(test, noGroups, 'the last process that leaves is told', async () => {
  const [layout] = layouts();
  await withGroup(layout?.options ?? {}, async (group) => {
    if (!group.parts.some(({ version }) => version === 2)) return;
    const events: CgroupEvent[] = [];
    using _watch = group.watch((event) => events.push(event));
    const { ended } = await startIn(group, 'exit 0');
    await ended;
    await soon(() => events.some(({ kind }) => kind === 'empty'), 'the event');
    assert.equal(events, [{ kind: 'empty' }]);
  });
});

skipUnless(test, noPressure, 'pressure is measured, and told', async () => {
  const [layout] = layouts();
  await withGroup({ ...layout?.options }, async (group) => {
    let told = 0;
    using _watch = group.watchPressure('cpu', { some: '10ms', within: '2s' }, () => told++);
    const loops = Array.from({ length: 6 }, () => startIn(group, 'while :; do :; done'));
    await Promise.all(loops);
    await soon(() => told > 0, 'the trigger', 20);
    const { cpu } = group.stats().pressure ?? {};
    assert.ok((cpu?.some.total ?? 0) > 1, JSON.stringify(cpu));
    assert.throws(() => group.watchPressure('cpu', { within: '2s' }, () => {}), /either some or full/);
    assert.throws(() => group.watchPressure('cpu', { some: '3s', within: '2s' }, () => {}), /longer than the window/);
    assert.throws(() => group.watchPressure('cpu', { some: '1ms', within: '20s' }, () => {}), /500 ms to 10 s/);
  });
});

skipUnless(test, noPressure, 'a watch of pressure ends when its group is gone, and does nothing more', async () => {
  const [layout] = layouts();
  const group = await openCgroup({ ...layout?.options });
  let told = 0;
  const before = openDescriptors().length;
  using _watch = group.watchPressure('cpu', { some: '2s', within: '2s' }, () => told++);
  for (const path of group.paths) rmdirSync(path);
  await soon(() => openDescriptors().length <= before, 'its end');
  const { user, system } = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const used = process.cpuUsage({ user, system });
  assert.is(told, 0);
  assert.ok(used.user + used.system < 250_000, `${used.user + used.system} µs`);
});

/** Older kernels count no refused forks in v1. */
async function pidsEventsMissing(): Promise<string | undefined> {
  if (noController('pids') !== undefined) return undefined;
  const [layout] = layouts();
  const group = await openCgroup({ ...layout?.options, controllers: ['pids'] });
  const missing = group.counters().pids?.refused === undefined;
  await group.remove();
  return missing ? 'this kernel does not count refused forks' : undefined;
}

test.run();
