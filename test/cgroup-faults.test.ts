// What goes wrong with groups: processes that are not there, groups that are gone, processes of others in the way.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Cgroup,
  type CgroupError,
  cgroupAccess,
  membershipsOf,
  openCgroup,
  planCgroup,
} from '../src/cgroup/index.js';
import { unifiedPart } from '../src/cgroup/part.js';
import { CLONE, close, execve, launchSync, P, program, SpecError, W, waitid } from '../src/sys/index.js';
import { either, skipUnless } from './helpers/can.js';
import { layouts, noController, noGroups, soon, startIn, withGroup } from './helpers/groups.js';
import { ownGroups } from './helpers/own-groups.js';
import { programOf, repository } from './helpers/program.js';

const reasonOf = (promise: Promise<unknown>): Promise<CgroupError & SpecError> =>
  promise.then(
    () => assert.unreachable('it did not fail'),
    (error) => error,
  ) as Promise<CgroupError & SpecError>;

for (const { name, options } of layouts()) {
  const on = (title: string) => `${title} (${name})`;

  skipUnless(test, noGroups, on('no process, no number of one, and one that has ended cannot be attached'), () =>
    withGroup(options, async (group) => {
      for (const pid of [0, -1, 1.5, Number.NaN, '1' as unknown as number]) {
        assert.instance(await reasonOf(group.attach(pid)), SpecError);
      }
      const { code, action, help } = await reasonOf(group.attach(2 ** 22 + 1));
      assert.equal([code, action], ['ESRCH', 'attach']);
      assert.match(help ?? '', /no such process/);
      assert.equal(group.processes(), []);
    }),
  );

  skipUnless(test, noController('pids'), on('a group that somebody else has removed'), async () => {
    const group = await openCgroup({ ...options, limits: { pids: { max: 5 } } });
    for (const path of group.paths) rmdirSync(path);
    const acts = [() => group.update({ pids: { max: 6 } }), () => group.attach(process.pid), () => group.freeze()];
    for (const act of acts) {
      const error = await reasonOf(act());
      assert.ok(['ENOENT', 'ENODEV'].includes(error.code), error.message);
    }
    assert.throws(() => group.stats(), /gone/);
    assert.throws(() => group.counters(), /gone/);
    assert.throws(() => group.watch(() => {}), /gone/);
    assert.equal(group.processes(), []);
    await group.kill();
    await group.remove();
  });

  skipUnless(test, noController('pids', 'cpu'), on('a controller that was not named is not there to be changed'), () =>
    withGroup({ ...options, limits: { pids: { max: 5 } } }, async (group) => {
      const error = await reasonOf(group.update({ cpu: { max: 1 } }));
      assert.instance(error, SpecError);
      assert.match(error.message, /openCgroup\(\{ controllers: \['cpu'\] \}\)/);
    }),
  );

  skipUnless(test, noController('pids'), on('what cannot be leaves nothing'), async () => {
    const before = ownGroups();
    for (const limits of [{ pids: { max: -1 } }, { cpuset: { cpus: '900' } }, { hugetlb: { '3MB': 0 } }]) {
      await reasonOf(openCgroup({ ...options, limits }));
    }
    assert.equal(ownGroups(), before);
  });
}

const [{ options } = { options: {} }] = layouts();

skipUnless(test, noGroups, 'a process begins in a group', async () => {
  // Without controllers of v1 there is one directory, and one descriptor for all of it.
  const group = await openCgroup(options);
  const { fd } = group;
  if (fd === undefined) {
    await group.remove();
    return;
  }
  assert.is(group.fd, fd);
  const plan = program({
    clone: { flags: CLONE.INTO_CGROUP, cgroup: fd },
    exec: [execve.step('/bin/sleep', ['sleep', '60'], [])],
  });
  const launched = launchSync(plan);
  assert.is(launched.failure, undefined);
  const pid = launched.int(plan.pid);
  assert.equal(group.processes(), [pid]);
  assert.ok(membershipsOf(pid).some(({ path }) => path.endsWith(`/${group.name}`)));
  await group.kill();
  waitid(P.PIDFD, launched.int(plan.pidfd), W.EXITED);
  close(launched.int(plan.pidfd));
  await group.remove();
  assert.not(existsSync(`/proc/self/fd/${fd}`), 'it is closed');
});

const isUnified = cgroupAccess().layout === 'unified';
const notUnified = isUnified ? undefined : 'controllers are in v1, where no group has to be empty';

// The rule is for memory and io: of pids and cpu alone older kernels let a group have both.
skipUnless(
  test,
  either(noController('memory'), notUnified),
  'a group that passes controllers on takes no processes',
  () =>
    withGroup({ ...options, controllers: ['memory'] }, async (group) => {
      const below = await openCgroup({ parent: group, limits: { memory: { max: '64M' } } });
      const { code, help } = await reasonOf(startIn(group, 'exit'));
      assert.is(code, 'EBUSY');
      assert.match(help ?? '', /groups below/);
      await below.remove();
    }),
);

skipUnless(
  test,
  either(noController('pids'), notUnified),
  'processes of others are named, and moved only if asked to',
  () =>
    withGroup({ ...options, controllers: ['pids'] }, async (group) => {
      const stranger = await strangerIn(group);
      const refused = await reasonOf(openCgroup({ parent: group, limits: { pids: { max: 5 } } }));
      assert.is(refused.code, 'EBUSY');
      assert.match(refused.message, new RegExp(`${stranger} \\(sleep\\)`));
      assert.match(refused.message, /moveAll/);
      const plan = (moveAll: boolean) => planCgroup({ parent: group, limits: { pids: { max: 5 } }, moveAll });
      assert.is(plan(false).moved, undefined);
      const leaf = `${unifiedPart(group.parts)?.directory}/isolate-self`;
      assert.equal(plan(true).moved, { directory: leaf, processes: [stranger] });
      await openCgroup({ parent: group, limits: { pids: { max: 5 } }, moveAll: true });
      assert.ok(membershipsOf(stranger).some(({ path }) => path.endsWith('/isolate-self')));
    }),
);

skipUnless(
  test,
  either(noController('pids'), notUnified),
  'a program moves into a leaf of its own group, with its children',
  () =>
    withGroup({ ...options, controllers: ['pids'] }, async (group) => {
      const code = `
      const path = ${JSON.stringify(group.paths[0])};
      const { writeFileSync } = await import('node:fs');
      const { spawn } = await import('node:child_process');
      writeFileSync(path + '/cgroup.procs', String(process.pid));
      const child = spawn('sleep', ['60'], { stdio: 'ignore' });
      const where = (pid) => cgroup.membershipsOf(pid).find(({ version }) => version === 2).path.split('/').slice(-2);
      const access = cgroup.cgroupAccess();
      if (!access.controllers.pids.usable) throw new Error(access.controllers.pids.problem);
      const planned = cgroup.planCgroup({ limits: { pids: { max: 5 } } }).moved;
      const { steps } = JSON.parse(JSON.stringify(bare().limits({ pids: 5 }).plan('true')));
      const made = await cgroup.openCgroup({ limits: { pids: { max: 5 } } });
      const after = cgroup.planCgroup({ limits: { pids: { max: 5 } } }).moved ?? null;
      const again = await cgroup.openCgroup({ limits: { pids: { max: 5 } } });
      console.log(JSON.stringify([where('self'), where(child.pid), [made, again].map(({ paths }) => paths[0].startsWith(path + '/isolate-'))]));
      console.log(JSON.stringify([planned, [process.pid, child.pid], steps, after]));
      for (const one of [made, again]) await one.remove();
      child.kill();
    `;
      const [file, args] = programOf(code);
      const ran = spawn(file, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
      const output = Buffer.concat((await ran.stdout.toArray()) as Buffer[]).toString();
      const leaf = [group.name, 'isolate-self'];
      const [where = '', told = ''] = output.split('\n');
      assert.equal(JSON.parse(where), [leaf, leaf, [true, true]]);
      const [planned, pids, steps, after] = JSON.parse(told);
      assert.equal([planned.directory, [...planned.processes].sort()], [`${group.paths[0]}/isolate-self`, pids.sort()]);
      assert.match(JSON.stringify(steps), /"mkdirat".*isolate-self\W.*isolate-self\/cgroup\.procs/);
      assert.is(after, null);
    }),
);

/** A process that descends from nobody here. */
async function strangerIn(group: Cgroup): Promise<number> {
  const { ended } = await startIn(group, '(setsid sleep 60 > /dev/null 2>&1 & echo $!)');
  const stranger = Number((await ended).stdout);
  await soon(() => readFileSync(`/proc/${stranger}/comm`, 'utf8') === 'sleep\n', 'it sleeps');
  return stranger;
}

test.run();
