// Groups that commands cannot join: what the error says, and that nobody is left anywhere.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Cgroup,
  CgroupError,
  type CgroupPart,
  cgroupAccess,
  cgroupHierarchies,
  membershipsOf,
  openCgroup,
} from '../src/cgroup/index.js';
import { bare, SpecError, StepError } from '../src/index.js';
import { either, rootOnly, skipUnless } from './helpers/can.js';
import { layouts, noController, noGroups, startIn, withGroup } from './helpers/groups.js';
import { childrenOf } from './helpers/proc-files.js';

const [{ options } = { options: {} }] = layouts();

/** What goes wrong when a command joins a group, in which nobody is then that was not before. */
async function refusalOf(group: Cgroup): Promise<StepError & SpecError & CgroupError> {
  const [before, children] = [group.processes(), childrenOf(process.pid)];
  const error = await bare()
    .cgroup(group)
    .run('true')
    .catch((error) => error);
  assert.instance(error, Error, 'it did not fail');
  assert.equal(group.processes(), before);
  assert.equal(childrenOf(process.pid), children);
  return error;
}

const cpusets = cgroupAccess().bases.find(
  ({ version, controllers, refused }) => version === 1 && controllers.includes('cpuset') && refused === undefined,
);
const noCpusets = cpusets === undefined ? 'there is no cpuset hierarchy of v1 to make groups in' : undefined;

/** A group whose last part is in a cpuset hierarchy of v1, without processors: it takes no process. */
async function withEmptyCpuset(act: (group: Cgroup, others: Cgroup) => Promise<void>): Promise<void> {
  await withGroup({ ...options, controllers: ['memory', 'pids'] }, async (others) => {
    const { version, controllers, directory } = cpusets as CgroupPart;
    const part: CgroupPart = { version, controllers, directory: `${directory}/empty-${process.pid}` };
    mkdirSync(part.directory);
    try {
      await act(new Cgroup([...others.parts, part], {}), others);
    } finally {
      rmdirSync(part.directory);
    }
  });
}

skipUnless(test, either(noController('memory', 'pids'), noCpusets), 'a cpuset without processors, behind others', () =>
  withEmptyCpuset(async (group, others) => {
    const error = await refusalOf(group);
    assert.instance(error, StepError, String(error.stack));
    assert.equal([error.syscall, error.code], ['write', 'ENOSPC']);
    assert.match(error.help ?? '', /cpuset\.cpus/);
    assert.match(error.message, new RegExp(`empty-${process.pid}/(tasks|cgroup.procs)`));
    assert.equal(others.processes(), []);
  }),
);

skipUnless(
  test,
  either(noController('memory', 'pids'), noCpusets),
  'a process that one hierarchy refuses is put back where it was in the others',
  () =>
    withEmptyCpuset((group, others) =>
      withGroup({ ...options, controllers: ['pids'] }, async (from) => {
        const { pid } = await startIn(from, 'exec sleep 1000');
        const before = membershipsOf(pid);
        const error = await group.attach(pid).catch((error) => error);
        assert.instance(error, CgroupError, String(error));
        assert.equal([error.code, error.action], ['ENOSPC', 'attach']);
        assert.match(error.help, /cpuset/);
        assert.equal(membershipsOf(pid), before);
        assert.equal(others.processes(), []);
        assert.equal(from.processes(), [pid]);
      }),
    ),
);

skipUnless(test, noController('pids'), 'a group that is full', () =>
  withGroup({ ...options, limits: { pids: { max: 1 } } }, async (group) => {
    const { ended } = await startIn(group, 'exec sleep 1000');
    const error = await refusalOf(group);
    // Nobody is to be left of it for the next.
    await group.kill();
    await ended;
    assert.is(error.code, 'EAGAIN', String(error.stack));
    assert.match(error.help ?? '', /limit on processes/);
    assert.instance(error, group.fd === undefined ? CgroupError : StepError);
  }),
);

const legacy = layouts().find(({ name }) => name === 'v1 alone' || name === 'legacy')?.options;
const hasFreezer = cgroupHierarchies().some(
  ({ controllers, mountPoint }) => controllers.includes('freezer') && mountPoint,
);
const noFreezer = legacy !== undefined && hasFreezer ? undefined : 'there is no freezer of v1';

skipUnless(test, either(noController('pids'), noFreezer), 'a group that is frozen in v1, and one below it', () =>
  withGroup({ ...legacy, controllers: ['pids'] }, async (group) => {
    const below = await openCgroup({ parent: group, controllers: ['pids'] });
    await group.freeze();
    for (const one of [group, below]) {
      const error = await refusalOf(one);
      assert.instance(error, SpecError, String(error.stack));
      assert.match(error.message, /frozen/);
    }
    await group.thaw();
    const { exit } = await bare().cgroup(below).run('true');
    assert.equal([exit.kind, exit.resources?.group], ['exited', 'shared']);
    await below.remove();
  }),
);

skipUnless(
  test,
  either(rootOnly(), noFreezer),
  'a box whose group is frozen in v1 starts nothing, until that goes on',
  () =>
    withGroup({ ...legacy, controllers: ['pids'] }, async (group) => {
      await using box = await bare().unshare('uts').cgroup(group).open();
      await group.freeze();
      const error = await box.run('true').catch((error) => error);
      await group.thaw();
      assert.instance(error, SpecError, String(error?.stack));
      assert.match(error.message, /frozen/);
      assert.is((await box.run('true')).exit.kind, 'exited');
    }),
);

const unified = cgroupAccess().bases.find(({ version, refused }) => version === 2 && refused === undefined);
const noUnified = unified === undefined ? 'there is no v2 to make groups in' : undefined;

skipUnless(
  test,
  either(noGroups, noUnified),
  'a group beside a threaded one, under which no process may be otherwise',
  () =>
    withGroup(options, async (group) => {
      const part = group.parts.find(({ version }) => version === 2) as CgroupPart;
      const [threaded, invalid] = ['threaded', 'invalid'].map((name) => `${part.directory}/${name}`) as [
        string,
        string,
      ];
      for (const directory of [threaded, invalid]) mkdirSync(directory);
      writeFileSync(`${threaded}/cgroup.type`, 'threaded');
      const error = await refusalOf(new Cgroup([{ ...part, controllers: [], directory: invalid }], {}));
      assert.instance(error, StepError, String(error.stack));
      assert.equal([error.syscall, error.code], ['write', 'EOPNOTSUPP']);
      assert.match(error.help ?? '', /threaded/);
    }),
);

const notUnified =
  cgroupAccess().layout === 'unified' ? undefined : 'controllers are in v1, where any group takes some';

// The rule is for memory and io: of pids and cpu alone a group may have both.
skipUnless(test, either(noController('memory'), notUnified), 'a group that passes controllers on', () =>
  withGroup({ ...options, controllers: ['memory'] }, async (group) => {
    const below = await openCgroup({ parent: group, controllers: ['memory'] });
    const error = await refusalOf(group);
    assert.instance(error, StepError, String(error.stack));
    assert.equal([error.syscall, error.code], ['write', 'EBUSY']);
    assert.match(error.help ?? '', /parent/);
    assert.is((await bare().cgroup({ parent: group }).run('true')).exit.kind, 'exited');
    await below.remove();
  }),
);

skipUnless(test, noGroups, 'a group that is gone', async () => {
  const group = await openCgroup(options);
  await group.remove();
  const error = await refusalOf(group);
  assert.ok(/ENOENT|ENODEV/.test(error.code), String(error.stack));
  assert.not(group.paths.some((path) => existsSync(path)));
});

test.run();
