// Many that go into one group at once: what the group allows, and that nobody else waits for them.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isThere } from '../src/cgroup/files.js';
import { Cgroup, openCgroup } from '../src/cgroup/index.js';
import { unifiedPart } from '../src/cgroup/part.js';
import { type Box, bare, LaunchTimeoutError, type RunResult, Sandbox } from '../src/index.js';
import { mostAtOnce } from '../src/sys/launcher/turns.js';
import { either, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { layouts, noController, noGroups, soon, withGroup } from './helpers/groups.js';
import { inTime } from './helpers/in-time.js';
import { rejection } from './helpers/places.js';

const [{ options } = { options: {} }] = layouts();
const boxed = bare().unshare('user', 'uts');

for (const { name, options } of layouts()) {
  skipUnless(test, noController('pids'), `a limit on processes holds for those that come at once (${name})`, () =>
    withGroup({ ...options, limits: { pids: { max: 4 } } }, async (group) => {
      const same = new Cgroup([...group.parts].reverse(), {});
      const sandboxes = [group, same].map((one) => bare().stdio(['ignore', 'ignore', 'ignore']).cgroup(one));
      sandboxes.push(Sandbox.from(JSON.stringify(sandboxes[0]?.spec)));
      const spawned = await Promise.allSettled(
        Array.from({ length: 30 }, (_, i) => (sandboxes[i % 3] as Sandbox).spawn('sleep', ['1000'])),
      );
      const reasons = spawned.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      assert.is(group.processes().length, 4);
      assert.is(reasons.length, 26);
      for (const { code, help } of reasons) {
        assert.is(code, 'EAGAIN');
        assert.match(help, /limit on processes/);
      }
      for (const one of spawned) if (one.status === 'fulfilled') await one.value[Symbol.asyncDispose]();
      assert.is((await (sandboxes[0] as Sandbox).run('true')).exit.kind, 'exited');
    }),
  );
}

/** Why none can be stopped so that those stop that are born there, and can be ended all the same. */
async function noStop(): Promise<string | undefined> {
  if (noGroups !== undefined) return noGroups;
  await using group = await openCgroup({ ...options, controllers: ['pids'] });
  const { directory } = unifiedPart(group.parts) ?? {};
  return isThere(`${directory}/cgroup.freeze`) ? undefined : 'there is no freezer of v2';
}

const noHolding = either(noController('pids'), userNamespacesRefused(), await noStop());

/** A group in which every launch stops, and a box in there, as long as something is done. */
function whileStopped(act: (group: Cgroup, box: Box) => Promise<readonly Promise<RunResult>[]>): Promise<void> {
  return withGroup({ ...options, controllers: ['pids'] }, async (group) => {
    await using box = await boxed.cgroup(group).open();
    await group.freeze();
    const held = await act(group, box).finally(() => group.thaw());
    const ran = await inTime(Promise.all(held), 'those that were stopped');
    for (const { exit } of ran) assert.equal([exit.kind, exit.kind === 'exited' && exit.code], ['exited', 0]);
  });
}

skipUnless(test, noHolding, 'only those that go there, too, wait for a launch into a group that has stopped', () =>
  whileStopped(async (group, box) => {
    const joining = bare().cgroup(group);
    const held = Array.from({ length: 2 * mostAtOnce }, (_, i) => (i % 2 === 0 ? joining : box).run('true'));
    await soon(() => group.processes().length > 1, 'one is on its way beside the init of the box');
    await using other = await inTime(boxed.limits({ pids: 8 }).open(), 'a box');
    for (const place of [bare(), bare().limits({ pids: 8 }), other]) {
      for (let i = 0; i < mostAtOnce; i++) await inTime(place.run('true'), 'a command elsewhere');
    }
    return held;
  }),
);

skipUnless(test, noHolding, 'groups that have stopped leave a thread to those that go into no other', () =>
  whileStopped((one, box) =>
    withAnother(async (two) => {
      const places = [bare().cgroup(one), bare().cgroup(two), box];
      await two.freeze();
      const held = Array.from({ length: 3 * mostAtOnce }, (_, i) => (places[i % 3] as Sandbox | Box).run('true'));
      try {
        await soon(() => one.processes().length > 1 && two.processes().length > 0, 'one is on its way into each');
        for (const place of [bare(), bare().limits({ pids: 8 })])
          await inTime(place.run('true'), 'a command elsewhere');
      } finally {
        await two.thaw();
        await one.thaw();
        await inTime(Promise.allSettled(held), 'those that were stopped');
      }
      return held;
    }),
  ),
);

/** One more group. */
async function withAnother<T>(act: (group: Cgroup) => Promise<T>): Promise<T> {
  return withGroup({ ...options, controllers: ['pids'] }, act);
}

skipUnless(test, noHolding, 'who waits for a group ends by an abort, a time limit and the end of its box', () =>
  whileStopped(async (group) => {
    const joining = bare().cgroup(group);
    const first = joining.run('true');
    const stop = new AbortController();
    const aborted = rejection(joining.spawn('true', [], { signal: stop.signal }));
    const late = rejection(joining.spawn('true', [], { timeout: 200 }));
    const ran = joining.run('true', [], { timeout: '200ms' });
    const last = joining.run('true', [], { timeout: '1h' });
    stop.abort();
    assert.is((await inTime(aborted, 'an abort')).name, 'AbortError');
    assert.instance(await inTime(late, 'a time limit of spawn'), LaunchTimeoutError);
    assert.is((await inTime(ran, 'a time limit of run')).exit.kind, 'timeout');
    return [first, last];
  }),
);

skipUnless(test, noHolding, 'the end of its box ends who waits for the group of that', () =>
  withGroup({ ...options, controllers: ['pids'] }, async (group) => {
    const box = await boxed.cgroup(group).open();
    await group.freeze();
    const waiting = Array.from({ length: mostAtOnce }, () => rejection(box.run('true')));
    await inTime(box.close(), 'the end of the box').finally(() => group.thaw());
    for (const { code } of await inTime(Promise.all(waiting), 'the commands')) {
      assert.is(code, 'ERR_ISOLATE_BOX_CLOSED');
    }
    assert.is((await inTime(bare().cgroup(group).run('true'), 'the next')).exit.kind, 'exited');
  }),
);

skipUnless(
  test,
  either(noController('cpu', 'pids'), userNamespacesRefused()),
  'only those that go there, too, wait for a box whose processors are in use',
  async () => {
    await using other = await boxed.limits({ pids: 8 }).open();
    await using box = await boxed.limits({ cpus: 0.05, pids: 64 }).open();
    const script = 'for i in $(seq 20); do while :; do :; done & done; wait';
    await box.spawn('sh', ['-c', script], { stdio: 'ignore' });
    const { cgroup } = box;
    await soon(() => (cgroup?.stats().cpu?.throttledPeriods ?? 0) > 5, 'the box is busy', 30);
    // Init, the shell, and what that has started.
    const inUse = 22;
    let ended = 0;
    const ran = Array.from({ length: 6 * mostAtOnce }, async () => {
      await box.run('true').catch(() => {});
      ended++;
    });
    await soon(() => (cgroup?.processes().length ?? 0) > inUse, 'one is on its way', 60);
    await inTime(other.run('true'), 'a command elsewhere', 60);
    assert.ok(ended < 3 * mostAtOnce, `${ended} commands of the box ended before it`);
    await box.close();
    await inTime(Promise.all(ran), 'the commands in the box');
  },
);

test.run();
