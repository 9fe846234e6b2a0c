// What is no group, no option and no limit is told as such, before anything is done: which field it is, and what there is instead.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Cgroup,
  type CgroupAccess,
  checkCgroup,
  findCgroup,
  openCgroup,
  planCgroup,
} from '../src/cgroup/index.js';
import { emit } from '../src/cgroup/limits.js';
import { bare, Sandbox, SpecError } from '../src/index.js';
import { skipUnless } from './helpers/can.js';
import { layouts, noGroups, startIn, withGroup } from './helpers/groups.js';
import { ownGroups } from './helpers/own-groups.js';

const [{ options } = { options: {} }] = layouts();

/** Something that is to be refused, the field that is named, and a part of what is said. */
type Refused = [given: string, act: () => unknown, field: string, says: RegExp];

/** Input that no compiler has seen. */
const any = (value: unknown) => value as never;

const ofGroups: Refused[] = [
  ['openCgroup(null)', () => openCgroup(any(null)), 'options', /null are no options/],
  ["openCgroup('x')", () => openCgroup(any('x')), 'options', /"x" are no options/],
  ['planCgroup()', () => planCgroup(any(undefined)), 'options', /undefined are no options/],
  ['checkCgroup(null)', () => checkCgroup(any(null)), 'options', /null are no options/],
  ['findCgroup()', () => findCgroup(any(undefined)), 'options', /undefined are no options/],
  ['findCgroup({})', () => findCgroup(any({})), 'name', /undefined is no name/],
  ['findCgroup with limits', () => findCgroup(any({ name: 'x', limits: {} })), 'options', /there is no "limits"/],
  [
    "openCgroup({ memory: '64M' })",
    () => openCgroup(any({ memory: '64M' })),
    'options',
    /there is no "memory"\n.*limits/,
  ],
  ['openCgroup({ limit })', () => openCgroup(any({ limit: {} })), 'options', /there is no "limit"/],
  ['openCgroup({ limits: null })', () => openCgroup({ limits: any(null) }), 'limits', /null are no limits/],
  ["openCgroup({ limits: 'x' })", () => openCgroup({ limits: any('x') }), 'limits', /"x" are no limits/],
  ['a list of controllers', () => openCgroup({ controllers: any('memory') }), 'controllers', /"memory" is no list/],
  ['controllers', () => openCgroup({ controllers: any(['freezer']) }), 'controllers', /there is no "freezer"/],
  [
    'checkCgroup',
    () => checkCgroup({ name: 'isolate-self' }),
    'name',
    /"isolate-self" begins with isolate-.*\n.*job-17/,
  ],
  ['planCgroup', () => planCgroup({ name: 'isolate-1-2-3.4-5.6' }), 'name', /begins with isolate-/],
  ['moveAll', () => openCgroup({ moveAll: any('false') }), 'moveAll', /"false" is neither/],
  ['access', () => openCgroup({ access: any(5) }), 'access', /5 is not what cgroupAccess tells/],
  ['name', () => openCgroup({ name: any(5) }), 'name', /5 is no name/],
  ...[null, 3, [], {}, { parts: 'x' }, { parts: [] }, { parts: [{}] }, { parts: [{ version: 2 }] }].map(
    (parent): Refused => [
      `parent ${JSON.stringify(parent)}`,
      () => openCgroup({ parent: any(parent) }),
      'parent',
      /no/,
    ],
  ),
  ['parent NaN', () => openCgroup({ parent: any(Number.NaN) }), 'parent', /NaN is no path/],
];

const ofSandboxes: Refused[] = [
  ['.limits(null)', () => bare().limits(any(null)), 'limits', /null are no limits/],
  ['.limits({}, null)', () => bare().limits({}, any(null)), 'options', /null are no options/],
  ['.limits with fallbak', () => bare().limits({}, any({ fallbak: 'rlimit' })), 'options', /there is no "fallbak"/],
  ['.limits with another', () => bare().limits({}, any({ fallback: 'none' })), 'fallback', /there is no "none"/],
  ['.cgroup(null)', () => bare().cgroup(any(null)), 'cgroup', /null are no options/],
  ["controllers: 'memory'", () => bare().cgroup({ controllers: any('memory') }), 'controllers', /is no list/],
  ["controllers: ['x']", () => bare().cgroup({ controllers: any(['x']) }), 'controllers', /there is no "x"/],
  ["moveAll: 'no'", () => bare().cgroup({ moveAll: any('no') }), 'moveAll', /neither true nor false/],
  ['parent: null', () => bare().cgroup({ parent: any(null) }), 'parent', /null is no group/],
  ['parent: { parts: [] }', () => bare().cgroup({ parent: { parts: [] } }), 'parent', /\[\] are not the parts/],
  ['parts: []', () => bare().cgroup({ parts: [] }), 'cgroup', /\[\] are not the parts of a group/],
  ["parts: 'x'", () => bare().cgroup({ parts: any('x') }), 'cgroup', /"x" are not the parts/],
  ['parts: [{}]', () => bare().cgroup({ parts: any([{}]) }), 'cgroup', /\[\{\}\] are not the parts/],
  ['parts and a name', () => bare().cgroup(any({ parts: [], name: 'x' })), 'cgroup', /has no name to choose/],
  ['name', () => bare().cgroup({ name: 'isolate-self' }).plan('true'), 'name', /begins with isolate-/],
  [
    'a spec with no parts',
    () => Sandbox.from(any({ ...bare().spec, cgroup: { parts: [] } })),
    'cgroup',
    /is not what it has to be/,
  ],
];

/** What comes of it: an error, in any case. */
async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function isRefused([given, act, field, says]: Refused): Promise<void> {
  const error = await errorOf(act);
  assert.instance(error, SpecError, `${given}: ${error}`);
  assert.is((error as SpecError).field, field, String(error));
  assert.match(String(error), says, given);
}

for (const refused of [...ofGroups, ...ofSandboxes]) {
  test(`refused: ${refused[0]}`, async () => {
    const before = ownGroups();
    await isRefused(refused);
    assert.equal(ownGroups(), before);
  });
}

for (const [limits, field, says] of [
  [{ rdma: { mlx5_0: { handle: 2 } } }, 'rdma.mlx5_0', /there is no "handle"\n.*handles, objects/],
  [{ rdma: { mlx5_0: null } }, 'rdma.mlx5_0', /null are no limits/],
  [{ rdma: { mlx5_0: 5 } }, 'rdma.mlx5_0', /5 are no limits/],
  [{ rdma: [] }, 'rdma', /\[\] are no limits/],
  [{ io: { devices: { '8:0': { read: 2 } } } }, 'io.devices["8:0"]', /there is no "read"/],
] as const) {
  test(`refused: ${JSON.stringify(limits)}`, () =>
    isRefused(['limits', () => planCgroup({ limits: any(limits) }), field, says]));
}

skipUnless(test, noGroups, 'what is no change of a group is refused', () =>
  withGroup({ ...options, controllers: ['pids'] }, async (group: Cgroup) => {
    await isRefused(['update(null)', () => group.update(any(null)), 'limits', /null are no limits/]);
    await isRefused(['update()', () => group.update(any(undefined)), 'limits', /undefined are no limits/]);
    await isRefused(['attach(NaN)', () => group.attach(Number.NaN), 'pid', /NaN is no process id/]);
    for (const trigger of [undefined, null, 5]) {
      const watch = () => group.watchPressure('memory', any(trigger), () => {});
      await isRefused([`watchPressure ${trigger}`, watch, 'pressure', /are no trigger/]);
    }
    const misspelt = () => group.watchPressure('memory', any({ sum: '200ms', within: '2s' }), () => {});
    await isRefused(['watchPressure', misspelt, 'pressure', /there is no "sum"/]);
  }),
);

test('of what measures as much is had as there is, and not none', () => {
  const one = [{ version: 2, controllers: ['cpuset', 'pids'], directory: '/groups', refused: undefined }] as const;
  const enabled = (bases: CgroupAccess['bases'], limits = {}) => {
    const { enable, refusals } = planCgroup({ limits, controllers: 'available', access: { ...nowhere, bases } });
    return [enable, refusals.map(({ field }) => field)];
  };
  assert.equal(enabled(one), [['pids'], []]);
  assert.equal(enabled(one, { cpuset: { cpus: '0' } }), [['cpuset', 'pids'], []]);
  assert.equal(enabled([]), [[], ['memory']]);
  assert.equal(enabled(one.map((base) => ({ ...base, refused: { problem: 'systemd manages it' } }))), [[], ['memory']]);
});

skipUnless(test, noGroups, 'a deadline is a length of time, and a signal one that there is', () =>
  withGroup({ ...options, controllers: ['pids'] }, async (group: Cgroup) => {
    for (const act of ['freeze', 'kill', 'remove'] as const) {
      for (const wrong of [Number.NaN, '5', -1, 0, null, ['5s'], Number.POSITIVE_INFINITY]) {
        await isRefused([`${act} ${wrong}`, () => group[act]({ deadline: any(wrong) }), 'deadline', /deadline: /]);
      }
      await isRefused([`${act}(5)`, () => group[act](any(5)), 'options', /5 are no options/]);
      await isRefused([`${act} deadlin`, () => group[act](any({ deadlin: 5 })), 'options', /there is no "deadlin"/]);
    }
    for (const wrong of ['SIGNOPE', 999, -1, Number.NaN, null, undefined, {}]) {
      await isRefused([
        `signal ${wrong}`,
        () => group.signal(any(wrong)),
        'signal',
        /there is no signal .*\n.*SIGTERM/,
      ]);
    }
    for (const [signal, name] of [
      ['SIGTERM', 'SIGTERM'],
      ['USR1', 'SIGUSR1'],
      [2, 'SIGINT'],
    ] as const) {
      const { ended } = await startIn(group, 'exec sleep 1000');
      await group.freeze({ deadline: '5s' });
      await group.thaw();
      group.signal(any(signal));
      assert.is((await ended).signal, name);
    }
    await group.kill({ deadline: '2s' });
  }),
);

test('what cannot be is told without what it is told by', () => {
  const { refusals } = planCgroup({ limits: { rdma: { mlx5_0: { handles: 2 } } }, access: nowhere });
  assert.equal(refusals, [{ field: 'rdma', problem: 'this host has none' }]);
  assert.equal(emit({ pids: { max: 5 } }, 'pids', 2).refusals, []);
});

/** Of a host that has nothing. */
const nowhere: CgroupAccess = {
  layout: 'none',
  bases: [],
  controllers: Object.fromEntries(
    ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'misc', 'pids', 'rdma'].map((name) => [
      name,
      { usable: false, problem: 'this host has none' },
    ]),
  ) as CgroupAccess['controllers'],
};

test.run();
