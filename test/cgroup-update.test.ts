// Limits that are changed by several at once, and on disks: what is asked for is what the kernel has.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCgroup, openCgroup } from '../src/cgroup/index.js';
import { emit } from '../src/cgroup/limits.js';
import { partOf } from '../src/cgroup/part.js';
import { bare, SpecError } from '../src/index.js';
import { either, skipUnless } from './helpers/can.js';
import { layouts, noController, refusalOf, withGroup } from './helpers/groups.js';

const [{ options } = { options: {} }] = layouts();
const size = (count: number) => count * 2 ** 20;

skipUnless(test, noController('memory', 'pids'), 'changes at the same time do not undo one another', () =>
  withGroup({ ...options, limits: { memory: { max: '128M' }, pids: { max: 9 } } }, async (group) => {
    await Promise.all([group.update({ memory: { max: '64M' } }), group.update({ pids: { max: 5 } })]);
    assert.equal([group.limits.memory?.max, group.limits.pids?.max], ['64M', 5]);
    await group.update({ memory: { max: '128M' } });
    const { memory, pids } = group.stats();
    assert.equal([memory?.limit, pids?.limit], [size(128), 5]);
    const wrong = group.update({ memory: { max: '-1' } });
    await Promise.all([wrong.catch(() => {}), group.update({ pids: { max: 6 } })]);
    assert.is(group.stats().pids?.limit, 6, 'one that fails keeps no other from its turn');
  }),
);

skipUnless(test, noController('memory'), 'a limit is written again where somebody else has changed it', () =>
  withGroup({ ...options, limits: { memory: { max: '32M' } } }, async (group) => {
    const { name } = group;
    const other = findCgroup({ name, ...options });
    assert.ok(other !== undefined);
    await other?.update({ memory: { max: '100M' } });
    assert.is(group.stats().memory?.limit, size(100));
    await group.update({ memory: { max: '32M' } });
    assert.is(group.stats().memory?.limit, size(32));
  }),
);

const noIdle = either(noController('cpu'), await refusalOf({ limits: { cpu: { idle: true } } }));

skipUnless(test, noIdle, 'a group becomes idle whatever weight it had, and has one again', () =>
  withGroup({ ...options, limits: { cpu: { weight: 50 } } }, async (group) => {
    const part = partOf(group.parts, 'cpu');
    const now = (file: string) => readFileSync(`${part?.directory}/${file}`, 'utf8').trim();
    const weight = () => (part?.version === 2 ? Number(now('cpu.weight')) : (Number(now('cpu.shares')) * 100) / 1024);
    await group.update({ cpu: { idle: true } });
    assert.equal([now('cpu.idle'), group.limits], ['1', { cpu: { idle: true } }]);
    const error = await group.update({ cpu: { weight: 200 } }).catch((reason) => reason);
    assert.match(String(error), /cpu\.weight: a group that is idle has no weight\n.*idle: false/);
    await group.update({ cpu: { idle: false, weight: 200 } });
    assert.equal([now('cpu.idle'), weight()], ['0', 200]);
    await group.update({ cpu: { idle: true } });
    await group.update({ cpu: { idle: false } });
    assert.equal([now('cpu.idle'), weight()], ['0', 100]);
  }),
);

const noBursts = either(noController('cpu'), await refusalOf({ limits: { cpu: { max: 1, burst: '1ms' } } }));

skipUnless(test, noBursts, 'a burst is no more than the quota, also where that changes', () =>
  withGroup({ ...options, limits: { cpu: { max: 0.5, burst: '50ms' } } }, async (group) => {
    const error = await group.update({ cpu: { max: 0.2 } }).catch((reason) => reason);
    assert.match(String(error), /cpu\.burst: "50ms" is more than max, which is 20 ms in each 100 ms/);
    await group.update({ cpu: { max: 0.2, burst: '20ms' } });
    await group.update({ cpu: { max: 'max' } });
    assert.is(group.limits.cpu?.max, 'max');
  }),
);

test('limits of disks that there are none of are refused', () => {
  const refused = (io: object, field: RegExp) => {
    const error = (() => {
      try {
        return bare()
          .limits({ io } as never)
          .plan('true');
      } catch (error) {
        return error;
      }
    })();
    assert.instance(error, SpecError, JSON.stringify(io));
    assert.match(String(error), field);
  };
  refused({ '/dev/null': { readBps: 5 } }, /readBps/);
  refused({ '/dev/null': null }, /null/);
  refused({ '/dev/null': 5 }, /5/);
  for (const [path, says] of [
    ['/etc/passwd/x', /there is no|ENOTDIR/],
    [`/${'x'.repeat(5000)}`, /ENAMETOOLONG/],
  ] as const) {
    const [refusal] = emit({ io: { devices: { [path]: { reads: 5 } } } }, 'io', 2).refusals;
    assert.match(refusal?.problem ?? 'none', says);
  }
});

skipUnless(
  test,
  either(noController('pids')),
  'a fall-back is for where there can be no group, not for a name that is taken',
  async () => {
    const group = await openCgroup({ controllers: ['pids'], name: `taken-${process.pid}` });
    try {
      const taken = bare().limits({ memory: '2G' }, { fallback: 'rlimit' }).cgroup({ name: group.name });
      const error = await taken.run('true').then(
        ({ exit }) => exit,
        (error) => error,
      );
      assert.is(error.code, 'EEXIST', String(error));
    } finally {
      await group.remove();
    }
  },
);

test.run();
