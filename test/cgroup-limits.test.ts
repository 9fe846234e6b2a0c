// What limits become, in both versions, and what is refused: nothing is written here.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCgroup, planCgroup } from '../src/cgroup/index.js';
import { type CgroupLimits, checkLimits, emit, limitedControllers, mergeLimits } from '../src/cgroup/limits.js';
import { isWithin } from '../src/cgroup/numbers.js';
import { shown } from '../src/sys/shown.js';

/** `file = value` of each value, and `field: problem` of each refusal. */
function emitted(limits: CgroupLimits, version: 1 | 2): string[] {
  checkLimits(limits);
  const all = limitedControllers(limits).map((controller) => emit(limits, controller, version));
  return [
    ...all.flatMap(({ values }) => values.map(({ file, value }) => `${file} = ${value}`)),
    ...all.flatMap(({ refusals }) => refusals.map(({ field, problem }) => `${field}: ${problem}`)),
  ];
}

/** What there is in v2, and in v1. */
const examples: [limits: CgroupLimits, v2: string[], v1: string[]][] = [
  [{ memory: { max: '256M' } }, ['memory.max = 268435456'], ['memory.limit_in_bytes = 268435456']],
  [{ memory: { max: 0 } }, ['memory.max = 0'], ['memory.limit_in_bytes = 0']],
  [{ memory: { max: 'max' } }, ['memory.max = max'], ['memory.limit_in_bytes = -1']],
  [
    { memory: { max: '1G', swapMax: '1M' } },
    ['memory.max = 1073741824', 'memory.swap.max = 1048576'],
    ['memory.limit_in_bytes = 1073741824', 'memory.memsw.limit_in_bytes = 1074790400'],
  ],
  [{ memory: { swapMax: 0 } }, ['memory.swap.max = 0'], ['memory.swapMax: v1 limits memory and swap together']],
  [
    { memory: { high: '1K', low: 1, min: 1, zswapMax: 0, oomGroup: true } },
    ['memory.min = 1', 'memory.low = 1', 'memory.high = 1024', 'memory.zswap.max = 0', 'memory.oom.group = 1'],
    ['min', 'low', 'high', 'zswapMax', 'oomGroup'].map(
      (name) => `memory.${name}: it is not to be had from cgroup v1, where the memory controller is`,
    ),
  ],
  [{ memory: { max: '1.5G' } }, ['memory.max = 1610612736'], ['memory.limit_in_bytes = 1610612736']],
  [{ memory: { max: '512MB' } }, ['memory.max = 536870912'], ['memory.limit_in_bytes = 536870912']],
  [{ memory: { max: '256MiB' } }, ['memory.max = 268435456'], ['memory.limit_in_bytes = 268435456']],
  [{ pids: { max: 64 } }, ['pids.max = 64'], ['pids.max = 64']],
  [{ pids: { max: 'max' } }, ['pids.max = max'], ['pids.max = max']],
  [{ pids: { max: 2 ** 22 } }, ['pids.max = 4194304'], ['pids.max = 4194304']],
  [{ hugetlb: { '1GB': 0 } }, ['hugetlb.1GB.max = 0'], ['hugetlb.1GB.limit_in_bytes = 0']],
  [{ cpu: { max: 1.5 } }, ['cpu.max = 150000 100000'], ['cpu.cfs_period_us = 100000', 'cpu.cfs_quota_us = 150000']],
  [{ cpu: { max: 'max' } }, ['cpu.max = max 100000'], ['cpu.cfs_period_us = 100000', 'cpu.cfs_quota_us = -1']],
  [{ cpu: { max: 0.001 } }, ['cpu.max = 1000 1000000'], ['cpu.cfs_period_us = 1000000', 'cpu.cfs_quota_us = 1000']],
  [
    { cpu: { max: 0.5, period: '20ms', burst: '5ms', weight: 200 } },
    ['cpu.max = 10000 20000', 'cpu.max.burst = 5000', 'cpu.weight = 200'],
    ['cpu.cfs_period_us = 20000', 'cpu.cfs_quota_us = 10000', 'cpu.cfs_burst_us = 5000', 'cpu.shares = 2048'],
  ],
  [{ cpu: { idle: true } }, ['cpu.idle = 1'], ['cpu.idle = 1']],
  [
    { cpuset: { cpus: '0-3,8', mems: [0, 1] } },
    ['cpuset.cpus = 0-3,8', 'cpuset.mems = 0,1'],
    ['cpuset.cpus = 0-3,8', 'cpuset.mems = 0,1'],
  ],
  [
    { cpuset: { partition: 'isolated' } },
    ['cpuset.cpus.partition = isolated'],
    ['cpuset.partition: it is not to be had from cgroup v1, where the cpuset controller is'],
  ],
  [{ hugetlb: { '2MB': '64M' } }, ['hugetlb.2MB.max = 67108864'], ['hugetlb.2MB.limit_in_bytes = 67108864']],
  [{ misc: { sev: 2 } }, ['misc.max = sev 2'], ['misc.max = sev 2']],
  [
    { rdma: { mlx5_0: { handles: 2, objects: 'max' } } },
    ['rdma.max = mlx5_0 hca_handle=2 hca_object=max'],
    ['rdma.max = mlx5_0 hca_handle=2 hca_object=max'],
  ],
  [{ io: { weight: 50 } }, ['io.weight = default 50'], ['blkio.bfq.weight = 50']],
  [{ memory: {} }, [], []],
];

for (const [limits, v2, v1] of examples) {
  test(`${JSON.stringify(limits)}`, () => {
    assert.equal(emitted(limits, 2), v2);
    assert.equal(emitted(limits, 1), v1);
  });
}

test('every value says where the kernel documents it, and which limit asked for it', () => {
  for (const [limits] of examples) {
    for (const version of [1, 2] as const) {
      for (const controller of limitedControllers(limits)) {
        for (const value of emit(limits, controller, version).values) {
          assert.match(value.documentation, /^https:\/\/docs\.kernel\.org\//);
          assert.ok(value.field.startsWith(`${controller}.`), value.field);
        }
      }
    }
  }
});

/** What is no limit, and a part of what is said of it. */
const refused: [limits: unknown, says: RegExp][] = [
  [{ memory: { max: '256X' } }, /memory.max: "256X" is not a size/],
  [{ memory: { max: -1 } }, /memory.max: -1 is not a size/],
  [{ memory: { max: 1.5 } }, /is not a size/],
  [{ memory: { max: Number.NaN } }, /NaN is not a size/],
  [{ memory: { max: Number.POSITIVE_INFINITY } }, /Infinity is not a size/],
  [{ memory: { max: ['256M'] } }, /\["256M"\] is not a size/],
  [{ memory: { max: 64n } }, /64n is not a size/],
  [{ pids: { max: Number.NaN } }, /pids.max: NaN is not a number of them/],
  [{ cpu: { max: Number.NaN } }, /NaN is not a number of processors/],
  [{ cpu: { weight: Number.NaN } }, /NaN is not a weight/],
  [{ cpuset: { cpus: [Number.NaN] } }, /\["NaN"\] names none/],
  [{ cpu: { max: 1, period: Number.NaN } }, /NaN is not a length of time/],
  [{ memory: { max: '10000000T' } }, /more than 2\^63-1/],
  [{ memory: { max: '10%' } }, /is not a size/],
  [{ memory: { oomGroup: 1 } }, /neither true nor false/],
  [{ pids: { max: -1 } }, /pids.max: -1 is not a number of them/],
  [{ pids: { max: '10' } }, /"10" is not a number of them/],
  [{ cpu: { max: 0 } }, /cpu.max: the kernel cannot give no time at all/],
  [{ cpu: { max: -0.5 } }, /not a number of processors/],
  [{ cpu: { max: '2' } }, /not a number of processors/],
  [{ cpu: { max: 0.0001 } }, /less than the kernel can count/],
  [{ cpu: { max: 0.5, period: '1us' } }, /not from 1 ms to 1 s/],
  [{ cpu: { period: '50ms' } }, /says nothing without max/],
  [{ cpu: { weight: 0 } }, /cpu.weight: 0 is not a weight/],
  [{ cpu: { weight: 10_001 } }, /not a weight/],
  [{ cpu: { weight: 1.5 } }, /not a weight/],
  [{ cpu: { idle: true, weight: 5 } }, /idle has no weight/],
  [{ cpu: { max: 1, burst: '5' } }, /not a length of time/],
  [{ cpu: { burst: '5ms' } }, /cpu.burst: it says nothing without max/],
  [{ cpu: { max: 0.1, burst: '20ms' } }, /cpu.burst: "20ms" is more than max, which is 10 ms in each 100 ms/],
  [{ hugetlb: { '2MB': '3M' } }, /hugetlb.2MB: "3M" is no whole number of pages of 2MB/],
  [{ hugetlb: { '2MB': 1 } }, /1 is no whole number of pages of 2MB/],
  [{ hugetlb: { '0MB': 0 } }, /not a size of pages/],
  [{ pids: { max: 5_000_000 } }, /pids.max: 5000000 is more than the kernel can have, 4194304/],
  [{ cpuset: { cpus: '' } }, /names none/],
  [{ cpuset: { cpus: 'a' } }, /names none/],
  [{ cpuset: { cpus: '0\n1' } }, /names none/],
  [{ cpuset: { cpus: [] } }, /names none/],
  [{ cpuset: { mems: [-1] } }, /names none/],
  [{ cpuset: { mems: [1n] } }, /\["1n"\] names none/],
  [{ cpuset: { mems: [Symbol('x')] } }, /\["Symbol\(x\)"\] names none/],
  [{ cpuset: { partition: 'mine' } }, /is not member, root, isolated/],
  [{ hugetlb: { '2M': 5 } }, /not a size of pages/],
  [{ misc: { 'a b': 1 } }, /is no name/],
  [{ io: { devices: { '/no/such': { reads: 1 } } } }, /there is no \/no\/such/],
  [{ io: { devices: { '/proc': { reads: 1 } } } }, /not on a disk/],
];

for (const [limits, says] of refused) {
  test(`refused: ${shown(limits)}: ${says.source}`, () => {
    assert.match(emitted(limits as CgroupLimits, 2).join('\n'), says);
  });
}

for (const [limits, says] of [
  [{ memroy: {} }, /limits: there is no "memroy"/],
  [{ memory: { maximum: 1 } }, /memory: there is no "maximum"/],
  [{ memory: '64M' }, /memory: "64M" are no limits/],
  [{ pids: null }, /pids: null are no limits/],
] as const) {
  test(`refused at once: ${JSON.stringify(limits)}`, () => {
    assert.throws(() => checkLimits(limits as unknown as CgroupLimits), says);
    assert.throws(() => planCgroup({ limits: limits as unknown as CgroupLimits }), says);
  });
}

for (const name of [
  '',
  '.',
  '..',
  'a/b',
  '/a',
  'a\nb',
  'a\0b',
  'x'.repeat(256),
  'cgroup.procs',
  'memory.max',
  'tasks',
  'release_agent',
  'isolate-self',
  'isolate-x',
  7,
]) {
  test(`refused as a name: ${JSON.stringify(name)}`.slice(0, 60), async () => {
    const error = await openCgroup({ name: name as string }).catch((reason) => reason);
    assert.is(error.code, 'ERR_ISOLATE_SPEC', error.message);
    assert.is(error.field, 'name');
  });
}

for (const parent of ['relative', '../x', '/a/../b', '/no/such/group']) {
  test(`refused as a parent: ${parent}`, async () => {
    const error = await openCgroup({ parent }).catch((reason) => reason);
    assert.is(error.field, 'parent', error.message);
  });
}

test('what v1 cannot limit by itself is told in words of no interface', () => {
  const [refusal] = emit({ memory: { swapMax: 0 } }, 'memory', 1).refusals;
  assert.equal(refusal, {
    field: 'memory.swapMax',
    problem: 'v1 limits memory and swap together',
    help: 'limit memory, too',
  });
});

test('limits are changed one by one', () => {
  const before: CgroupLimits = {
    memory: { max: '1M', swapMax: 0 },
    io: { devices: { '8:0': { reads: 5, writes: 6 } } },
    cpuset: { cpus: [0, 1] },
  };
  const after = mergeLimits(before, {
    memory: { max: '2M' },
    io: { devices: { '8:0': { reads: 7 } } },
    cpuset: { cpus: [1] },
  });
  assert.equal(after, {
    memory: { max: '2M', swapMax: 0 },
    io: { devices: { '8:0': { reads: 7, writes: 6 } } },
    cpuset: { cpus: [1] },
  });
});

test('a group that becomes idle has its weight no more', () => {
  const before: CgroupLimits = { cpu: { max: 1, weight: 50 } };
  assert.equal(mergeLimits(before, { cpu: { idle: true } }), { cpu: { max: 1, idle: true } });
  assert.equal(mergeLimits(before, { cpu: { idle: false } }), { cpu: { max: 1, weight: 50, idle: false } });
  assert.equal(mergeLimits({}, { cpu: { idle: true } }), { cpu: { idle: true } });
});

test('lists of numbers', () => {
  assert.ok(isWithin('0-2', '0-3'));
  assert.ok(isWithin('3,1', '0-1,3'));
  assert.not(isWithin('0-4', '0-3'));
  assert.not(isWithin('0', ''));
});

test.run();
