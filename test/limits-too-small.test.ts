// Limits that let nothing begin: the new process shares this program's memory when the kernel looks for somebody to kill.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupAccess } from '../src/cgroup/index.js';
import { bare, type Exit, isolate, type Sandbox, StepError } from '../src/index.js';
import { either, freshProcRefused, rootOnly, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { noController, soon } from './helpers/groups.js';
import { children, openDescriptors } from './helpers/host-state.js';
import { groupsOf, noOwnGroups } from './helpers/own-groups.js';

const noMemory = either(noOwnGroups, noController('memory'));
const noNamespaces = either(userNamespacesRefused(), freshProcRefused());

/** The kernel looks for memory long before it kills: on one processor fewer have to do. */
const timesEach = availableParallelism() < 2 ? 2 : 5;

/** How it ended, or why it did not begin. */
function outcomeOf(sandbox: Sandbox): Promise<Exit | Error> {
  return sandbox.run('true').then(
    ({ exit }) => exit,
    (error) => error,
  );
}

for (const [name, sandbox, reason] of [
  ['bare', bare(), undefined],
  ['isolated', isolate(), noNamespaces],
] as const) {
  skipUnless(test, either(noMemory, reason), `64 KiB: many times, and this program goes on (${name})`, async () => {
    const small = sandbox.limits({ memory: '64K' });
    await outcomeOf(small);
    const before = { descriptors: openDescriptors().length, children: children() };
    const outcomes: (Exit | Error)[] = [];
    const lane = async () => {
      for (let times = 0; times < timesEach; times++) outcomes.push(await outcomeOf(small));
    };
    await Promise.all(Array.from({ length: 10 }, lane));
    for (const outcome of outcomes) {
      if (outcome instanceof Error) assert.instance(outcome, StepError, outcome.stack);
      else assert.is(outcome.kind, 'oom', JSON.stringify(outcome));
    }
    // Nothing of this program is charged to a group that is gone.
    assert.is(Buffer.alloc(2 ** 24, 1).filter((byte) => byte === 1).length, 2 ** 24);
    assert.is((await sandbox.limits({ memory: '64M' }).run('true')).exit.kind, 'exited');
    assert.equal({ descriptors: openDescriptors().length, children: children() }, before);
    assert.equal(groupsOf(process.pid), []);
  });
}

skipUnless(test, either(noMemory, noNamespaces), '64 KiB: a box does not open', async () => {
  for (let times = 0; times < timesEach; times++) {
    const error = await isolate()
      .limits({ memory: '64K' })
      .open()
      .then(
        (box) => box.close(),
        (error) => error,
      );
    if (error !== undefined) assert.instance(error, StepError, String(error?.stack));
  }
  assert.equal(groupsOf(process.pid), []);
});

const unified = cgroupAccess().bases.some(
  ({ version, controllers }) => version === 2 && controllers.includes('memory'),
);
const noWay = unified ? undefined : rootOnly();

skipUnless(
  test,
  either(noMemory, noNamespaces, noWay),
  'a box whose init the OOM killer ended says so of later runs',
  async () => {
    const sandbox = isolate().limits({ memory: { max: '24M', ...(unified ? { oomGroup: true } : {}) } });
    const box = await sandbox.open();
    // In v1 the kernel kills one process: init, if that says so, and no other has nearly all of the memory.
    if (!unified) writeFileSync(`/proc/${box.pid}/oom_score_adj`, '1000');
    await box.run('sh', ['-c', 'tail /dev/zero & tail /dev/zero & wait']).catch(() => {});
    await soon(() => !box.isOpen, 'the end of the box');
    const error = await box.run('true').catch((reason) => reason);
    assert.is(error.code, 'ERR_ISOLATE_BOX_CLOSED');
    assert.match(
      error.message,
      /is closed.*\n {2}help {2}possible cause: the OOM killer.* limit on memory is 25165824 bytes/,
    );
    const other = await sandbox.open();
    await other.close();
    const closed = await other.run('true').catch((reason) => reason);
    assert.not.match(closed.message, /OOM/);
  },
);

test.run();
