// What the rarer limits do: disks, memory above `high`, groups that end as one, processors, huge pages and the like.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readDevice } from '../src/cgroup/controllers/device.js';
import {
  type Cgroup,
  type CgroupEvent,
  type CgroupLimits,
  type ControllerName,
  openCgroup,
} from '../src/cgroup/index.js';
import { partOf } from '../src/cgroup/part.js';
import { bare, SpecError } from '../src/index.js';
import { either, rootOnly, skipUnless } from './helpers/can.js';
import { layouts, noController, refusalOf, soon, startIn, withGroup } from './helpers/groups.js';
import { isAlive } from './helpers/processes.js';

const [{ options } = { options: {} }] = layouts();
const folder = mkdtempSync(join(tmpdir(), 'isolate-disk-'));
test.after(() => rmSync(folder, { recursive: true }));

const megabyte = 2 ** 20;

/** A file of a group, of the directory where a controller acts. */
function fileOf(group: Cgroup, controller: ControllerName, file: string): string {
  return readFileSync(`${partOf(group.parts, controller)?.directory}/${file}`, 'utf8').trim();
}

/** The disk of the folder, as `8:0`. */
const disk = readDevice(folder);
const noDisk = either(
  noController('io'),
  'problem' in disk ? disk.problem : await refusalOf({ limits: { io: { devices: { [folder]: { reads: 1000 } } } } }),
);

/** Moves two megabytes around the page cache, after a `go`; tells how long it took, in milliseconds. */
async function timed(group: Cgroup, ...operands: string[]): Promise<number> {
  const start = performance.now();
  const { ended } = await startIn(group, `exec dd bs=64k count=32 ${operands.join(' ')}`);
  const { code, stderr } = await ended;
  assert.is(code, 0, stderr);
  return performance.now() - start;
}

skipUnless(test, noDisk, 'io: what is written and read goes no faster than the limit', () =>
  withGroup({ ...options, controllers: ['io'] }, async (group) => {
    const file = join(folder, 'file');
    await timed(group, 'if=/dev/zero', `of=${file}`, 'oflag=direct');
    for (const [limits, operands] of [
      [{ writeBytes: '1M/s' }, ['if=/dev/zero', `of=${file}`, 'oflag=direct', 'conv=notrunc']],
      [{ readBytes: '1M/s' }, ['of=/dev/null', `if=${file}`, 'iflag=direct']],
      [{ writes: 16 }, ['if=/dev/zero', `of=${file}`, 'oflag=direct', 'conv=notrunc']],
    ] as const) {
      await group.update({ io: { devices: { [folder]: limits }, directOnly: true } });
      // The kernel lets a little through before it begins to count.
      const took = await timed(group, ...operands);
      assert.ok(took > 1500, `${JSON.stringify(limits)}: ${took} ms for 2 MiB`);
      const off = Object.fromEntries(Object.keys(limits).map((name) => [name, 'max'] as const));
      await group.update({ io: { devices: { [folder]: off } } });
    }
    const { readBytes = 0, writtenBytes = 0 } =
      group.stats().io?.find(({ device }) => 'value' in disk && device === disk.value) ?? {};
    assert.ok(readBytes >= 2 * megabyte && writtenBytes >= 6 * megabyte, `${readBytes} ${writtenBytes}`);
  }),
);

/** How long it takes to write out what a process has written by way of the page cache, and does not wait for, in milliseconds. */
async function writtenOut(group: Cgroup): Promise<number> {
  const file = join(folder, 'cached');
  await timed(group, 'if=/dev/zero', `of=${file}`);
  const start = performance.now();
  execFileSync('sync', [file]);
  return performance.now() - start;
}

const ofWriting = { io: { devices: { [folder]: { writeBytes: '1M/s' } } } } as const;

skipUnless(
  test,
  noDisk,
  'io: what is written by way of the page cache goes no faster than the limit, or that is refused',
  () =>
    withGroup({ ...options, controllers: ['io'] }, async (group) => {
      const error = await group.update(ofWriting).catch((reason) => reason);
      if (partOf(group.parts, 'io')?.version === 1) {
        assert.instance(error, SpecError);
        assert.match(error.message, /writeBytes: cgroup v1, .* by way of the page cache\n.*directOnly: true/s);
        await group.update({ io: { ...ofWriting.io, directOnly: true } });
        return;
      }
      assert.is(error, undefined);
      const took = await writtenOut(group);
      assert.ok(took > 1500, `${took} ms for 2 MiB`);
    }),
);

const noHigh = await refusalOf({ limits: { memory: { high: '8M' } } });

skipUnless(test, noHigh, 'memory.high: who has more is slowed down and told of, and not killed', () =>
  withGroup({ ...options, limits: { memory: { high: '8M' } } }, async (group) => {
    const events: CgroupEvent[] = [];
    using _watch = group.watch((event) => events.push(event));
    const { pid } = await startIn(group, 'exec tail /dev/zero');
    await soon(() => events.some(({ kind }) => kind === 'memory-high'), 'the event');
    assert.ok((group.counters().memory?.high ?? 0) > 0);
    assert.ok(isAlive(pid));
    assert.is(group.counters().memory?.oomKill, 0);
  }),
);

const noOomGroup = await refusalOf({ limits: { memory: { oomGroup: true } } });

skipUnless(test, noOomGroup, 'memory.oomGroup: the OOM killer ends all of the group', () =>
  withGroup({ ...options, limits: { memory: { max: '16M', oomGroup: true } } }, async (group) => {
    const { ended } = await startIn(group, 'sleep 1000 > /dev/null 2>&1 & tail /dev/zero; exit 3');
    assert.is((await ended).signal, 'SIGKILL');
    await soon(() => !group.isPopulated(), 'the end of the others');
  }),
);

/** Limits of which it is only seen that the kernel has them. */
const written: [limits: CgroupLimits, controller: ControllerName, file: string, value: RegExp][] = [
  [{ memory: { min: '1M' } }, 'memory', 'memory.min', /^1048576$/],
  [{ memory: { low: '2M' } }, 'memory', 'memory.low', /^2097152$/],
  [{ memory: { high: '64M' } }, 'memory', 'memory.high', /^67108864$/],
  [{ memory: { swapHigh: '1M' } }, 'memory', 'memory.swap.high', /^1048576$/],
  [{ memory: { zswapMax: '4M' } }, 'memory', 'memory.zswap.max', /^4194304$/],
  [{ cpu: { idle: true } }, 'cpu', 'cpu.idle', /^1$/],
  [{ cpu: { max: 0.5, burst: '20ms' } }, 'cpu', 'cpu.max.burst', /^20000$/],
  [{ io: { weight: 200 } }, 'io', 'io.weight', /^default 200$/],
  [{ io: { devices: { [folder]: { latency: '10ms' } } } }, 'io', 'io.latency', /target=10000$/],
  [{ hugetlb: { '2MB': '64M' } }, 'hugetlb', 'hugetlb.2MB.max', /^67108864$/],
];

for (const [limits, controller, file, value] of written) {
  const refusal = await refusalOf({ limits });
  skipUnless(test, refusal, `${JSON.stringify(limits).replace(folder, 'FILE')} is what the kernel has`, () =>
    withGroup({ ...options, limits }, async (group) => {
      const isUnified = partOf(group.parts, controller)?.version === 2;
      // A kernel that has it in v1, or by another name, has taken it.
      if (isUnified && existsSync(`${partOf(group.parts, controller)?.directory}/${file}`)) {
        assert.match(fileOf(group, controller, file), value);
      }
    }),
  );
}

/** What no machine has. */
const unknown: [controller: ControllerName, limits: CgroupLimits][] = [
  ['misc', { misc: { nothing_of_the_kind: 1 } }],
  ['rdma', { rdma: { nothing_of_the_kind: { handles: 1 } } }],
  ['hugetlb', { hugetlb: { '3MB': '6M' } }],
];

for (const [controller, limits] of unknown) {
  skipUnless(test, noController(controller), `${controller}: what is not here is refused, by its name`, async () => {
    const error = await openCgroup({ ...options, limits }).catch((reason) => reason);
    assert.ok(['EINVAL', 'ENODEV', 'ERR_ISOLATE_SPEC'].includes(error.code), error.message);
    assert.match(error.message, new RegExp(controller));
  });
  skipUnless(test, noController(controller), `${controller}: a group can have the controller`, () =>
    withGroup({ ...options, controllers: [controller] }, async (group) => {
      assert.ok(partOf(group.parts, controller) !== undefined);
    }),
  );
}

const oneProcessor = availableParallelism() < 2 ? 'there is one processor' : undefined;

skipUnless(
  test,
  either(noController('cpuset'), await refusalOf({ limits: { cpuset: { cpus: '0' } } }), oneProcessor),
  'cpuset: a command counts the processors that it may have, also when that changes',
  async () => {
    const script = 'nproc; read go; nproc';
    const running = await bare()
      .limits({ cpuset: '0' })
      .spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    let printed = '';
    running.stdout?.on('data', (chunk) => {
      printed += chunk;
    });
    await soon(() => printed !== '', 'the first count', 60);
    await running.update({ cpuset: '0-1' });
    running.stdin?.end('go\n');
    await running.exited;
    assert.is(printed, '1\n2\n');
  },
);

const partition: CgroupLimits = { cpuset: { cpus: '1', partition: 'root' } };
const noPartition = either(
  rootOnly(),
  noController('cpuset'),
  oneProcessor,
  await refusalOf({ parent: '/', limits: partition }),
);

skipUnless(test, noPartition, 'cpuset: a partition has its processor for itself', async () => {
  await withGroup({ parent: '/', limits: partition }, async (group) => {
    assert.is(fileOf(group, 'cpuset', 'cpuset.cpus.partition'), 'root');
    const { ended } = await startIn(group, 'grep Cpus_allowed_list /proc/self/status');
    assert.match((await ended).stdout, /:\s*1\n/);
    assert.not.match(readFileSync('/proc/self/status', 'utf8'), /^Cpus_allowed_list:.*\b1\b/m);
  });
});

test.run();
