// How a command gets into its control group, where that fails too, and what is refused before anything is done.
import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { StepError } from '../src/builder/errors/step-error.js';
import { startInGroup } from '../src/builder/group/start-in-group.js';
import type { Plan, PlanStep } from '../src/builder/plan.js';
import { RunningProcess } from '../src/builder/process/running-process.js';
import { start } from '../src/builder/process/start.js';
import { thisHost } from '../src/builder/this-host.js';
import { CgroupError, cgroupAccess, openCgroup } from '../src/cgroup/index.js';
import { bare, type Host, type HostCgroups, isolate, type Limits, Sandbox, SpecError } from '../src/index.js';
import { errno } from '../src/sys/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { noController } from './helpers/groups.js';
import { noOwnGroups, ownGroups } from './helpers/own-groups.js';
import { runPlan } from './helpers/run-plan.js';

const noPids = either(noOwnGroups, noController('pids'));
const { layout } = cgroupAccess();
const notUnified = layout === 'unified' ? undefined : 'there is cgroup v1';
const notHybrid = layout === 'hybrid' ? undefined : 'there are not both versions of cgroup';

test.after.each(() => {
  assert.equal(ownGroups(), [], 'a group is left');
});

skipUnless(test, either(noPids, notUnified), 'in cgroup v2 the command is born into its group', () => {
  const { steps } = bare().limits({ pids: 8 }).plan('true').toJSON();
  assert.match(steps.find(({ call }) => call === 'clone3')?.args[0] ?? '', /CLONE_INTO_CGROUP.*cgroup=<cgroup>/);
});

skipUnless(
  test,
  either(noPids, notHybrid),
  'elsewhere it is born into the part that is of v2, and is first moved in v1',
  () => {
    const { steps } = bare().limits({ pids: 8 }).plan('true').toJSON();
    const cloned = steps.findIndex(({ call }) => call === 'clone3');
    assert.match(steps[cloned]?.args[0] ?? '', /CLONE_INTO_CGROUP/);
    assert.match(`${steps[cloned + 1]?.call} ${steps[cloned + 1]?.args}`, /^write <.*\/tasks>,"0"/);
  },
);

skipUnless(test, noPids, 'where the kernel refuses that, it writes itself into it', async () => {
  const { spec } = bare().limits({ pids: 8 });
  const ways: unknown[] = [];
  const { started, group } = await startInGroup({
    spec,
    host: thisHost(),
    shared: undefined,
    planWith: (way) => compile(spec, { file: 'sleep', args: ['1000'] }, thisHost(), { group: way }),
    start: async (plan, values) => {
      ways.push(plan.parts.group.way);
      if (!plan.parts.group.way?.includes('clone')) return start(plan, spec, undefined, values);
      throw new StepError({ plan, failed: plan.find(plan.parts.program.clone) as PlanStep, errno: errno.ENOSYS });
    },
  });
  await using running = new RunningProcess({
    ...started,
    isPid1: false,
    reach: 'process',
    streams: new Map(),
    group,
  });
  assert.ok(group);
  assert.ok(group.cgroup.processes().includes(running.pid));
  const [first, second] = ways as [string[], string[]];
  assert.is(ways.length, layout === 'legacy' ? 1 : 2);
  assert.equal(
    second ?? first,
    first.map((entrance) => (entrance === 'clone' ? 'cgroup.procs' : entrance)),
  );
});

skipUnless(test, noPids, 'an abort while the group is made leaves nothing', async () => {
  const stop = new AbortController();
  const running = bare().limits({ pids: 8 }).spawn('sleep', ['1000'], { signal: stop.signal });
  stop.abort();
  const error = await running.catch((error) => error);
  assert.is(error.name, 'AbortError');
});

skipUnless(test, noPids, 'many at once each have a group, and no descriptor is left', async () => {
  const sandbox = bare().limits({ pids: 8 });
  await sandbox.run('true');
  const before = readdirSync('/proc/self/fd').length;
  const results = await Promise.all(Array.from({ length: 12 }, () => sandbox.run('cat', ['/proc/self/cgroup'])));
  assert.is(new Set(results.map(({ stdout }) => stdout)).size, 12);
  assert.is(readdirSync('/proc/self/fd').length, before);
});

skipUnless(test, noPids, 'a group that is there is joined by several, and stays', async () => {
  await using group = await openCgroup({ limits: { pids: { max: 8 } } });
  const sandbox = Sandbox.from(JSON.stringify(bare().cgroup(group).spec));
  const one = await sandbox.spawn('sleep', ['1000']);
  const two = await isolate().cgroup(group).spawn('sleep', ['1000']);
  const there = group.processes();
  assert.ok(there.includes(one.pid) && there.includes(two.pid), String(there));
  const { exit } = await sandbox.run('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait']);
  assert.is(exit.resources?.group, 'shared');
  if (exit.resources?.refusedForks !== undefined) assert.ok(exit.resources.refusedForks > 0);
  assert.ok(group.isPopulated());
  await Promise.all([one, two].map((running) => running[Symbol.asyncDispose]()));
  await group.kill();
  const inside = await bare()
    .limits({ pids: 4 })
    .cgroup({ parent: group, name: 'below' })
    .run('cat', ['/proc/self/cgroup']);
  assert.match(inside.stdout, new RegExp(`${group.name}/below`));
});

skipUnless(test, noPids, 'a group that is full lets nobody in: the call is named, and what to do', async () => {
  await using group = await openCgroup({ limits: { pids: { max: 1 } } });
  await using _ = await bare().cgroup(group).spawn('sleep', ['1000']);
  for (let i = 0; i < 3; i++) {
    const error = await isolate()
      .cgroup(group)
      .run('true')
      .catch((error) => error);
    // Only who is born in a group is counted against its limit; for who moves into it this program looks itself.
    assert.instance(error, group.fd === undefined ? CgroupError : StepError, String(error?.stack));
    assert.is(error.code, 'EAGAIN');
    assert.match(error.help, /limit on processes/);
  }
});

skipUnless(test, noPids, 'a box and all that runs in it have one group, which goes with it', async () => {
  const box = await isolate().limits({ pids: 32 }).open();
  const [name] = ownGroups();
  const running = await box.spawn('sleep', ['1000']);
  const { exit } = await box.run('true');
  assert.is(exit.resources?.group, 'shared');
  assert.is(ownGroups().length, 1);
  assert.ok(name !== undefined);
  for await (const { pids } of running.stats({ every: '10ms' })) {
    assert.is(pids?.current, 2);
    break;
  }
  await running.update({ pids: 40 });
  await box.close();
  assert.equal(ownGroups(), []);
});

skipUnless(test, noPids, 'each box of a pool has its own', async () => {
  await using pool = isolate().limits({ pids: 32 }).pool({ size: 2 });
  const [one, two] = await Promise.all([pool.spawn('sleep', ['1000']), pool.spawn('sleep', ['1000'])]);
  const groups = new Set<string>();
  for (const running of [one, two]) {
    for await (const { pids } of running.stats({ every: '10ms' })) {
      assert.is(pids?.current, 2);
      break;
    }
    groups.add(String(running.pid));
    await running[Symbol.asyncDispose]();
  }
  assert.is(groups.size, 2);
});

const nowhere: HostCgroups = {
  plan: () => ({
    parts: [],
    enable: [],
    values: [],
    refusals: [{ field: 'memory', problem: 'no control groups are mounted' }],
  }),
  find: () => undefined,
};
const withoutGroups: Host = { ...thisHost(), cgroups: nowhere };
const sh = (script: string) => ({ file: 'sh', args: ['-c', script] });

for (const [name, sandbox, reason] of [
  ['bare', bare(), undefined],
  ['isolated', isolate(), either(userNamespacesRefused(), freshProcRefused())],
] as const) {
  skipUnless(test, reason, `where there can be no group, the fall-back limits each process (${name})`, async () => {
    const { spec } = sandbox
      .stdio(['ignore', 'pipe', 'pipe'])
      .limits({ memory: '3G', pids: 'max' }, { fallback: 'rlimit' });
    const { stdout } = await runPlan(compile(spec, sh('ulimit -v'), withoutGroups), spec);
    assert.is(stdout, `${3 * 2 ** 20}\n`);
    assert.throws(() => compile(sandbox.limits({ memory: '3G' }).spec, sh('true'), withoutGroups), /no control groups/);
  });
}

test('the fall-back says what it cannot do', () => {
  const refusal = (sandbox: Sandbox, host: Partial<Host> = {}) => {
    try {
      compile(sandbox.spec, sh('true'), { ...withoutGroups, ...host });
      return undefined;
    } catch (error) {
      return error as SpecError;
    }
  };
  const soft = { fallback: 'rlimit' } as const;
  assert.is(refusal(bare().limits({ memory: '1G', cpus: 1 }, soft))?.field, 'cpu.max');
  assert.is(refusal(bare().limits({ swap: 0 }, soft))?.field, 'memory.swapMax');
  assert.is(refusal(bare().limits({ memory: 'much' }, soft))?.field, 'memory.max');
  assert.is(refusal(bare().limits({ pids: 1.5 }, soft), { uid: 1000 })?.field, 'pids.max');
  assert.match(refusal(bare().limits({ pids: 8 }, soft), { uid: 0 })?.message ?? '', /root/);
  assert.is(refusal(bare().limits({ pids: 8 }, soft), { uid: 1000 }), undefined);
  assert.throws(() => bare().limits({ pids: 8 }, { fallback: 'none' } as object), /rlimit/);
});

const refused: [name: string, make: () => Sandbox, field: RegExp, says: RegExp][] = [
  ['an unknown limit', () => bare().limits({ memroy: '1M' } as Limits), /limits/, /memroy/],
  ['no limits', () => bare().limits(7 as unknown as Limits), /limits/, /7/],
  ['both ways', () => bare().limits({ cpus: 1, cpu: { max: 1 } }), /cpus/, /cpu\.max/],
  ['no size', () => bare().limits({ memory: 'much' }), /memory\.max/, /much/],
  ['no number', () => bare().limits({ pids: 1.5 }), /pids\.max/, /1\.5/],
  ['no process at all', () => bare().limits({ pids: 0 }), /pids\.max/, /at least 1/],
  ['none for the command', () => bare().unshare('user', 'pid').limits({ pids: 1 }), /pids\.max/, /at least 2/],
  ['no time at all', () => bare().limits({ cpus: 0 }), /cpu\.max/, /no time/],
  [
    'no such disk',
    () => bare().limits({ io: { '/no/such/disk': { reads: 1 } } }),
    /io/,
    /no\/such\/disk|io controller/,
  ],
  ['no such group', () => bare().cgroup({ path: '/no/such/group' }), /cgroup|parent/, /no such group|no group/],
  ['no path', () => bare().cgroup({ path: 'relative' }), /cgroup/, /relative/],
  ['an unknown word', () => bare().cgroup({ slize: 'x' } as object), /cgroup/, /slize/],
  ['limits of a group of others', () => bare().limits({ pids: 4 }).cgroup({ path: '/' }), /limits/, /has its own/],
  ['a bad name', () => bare().limits({ pids: 4 }).cgroup({ name: 'a/b' }), /name/, /path/],
];

for (const [name, make, field, says] of refused) {
  skipUnless(test, noPids, `refused before anything is done: ${name}`, async () => {
    const error = await (async () => make().run('true'))().catch((error) => error);
    assert.instance(error, SpecError, String(error?.stack));
    assert.match(error.field, field);
    assert.match(error.message, says);
    const planned = (() => {
      try {
        return make().plan('true') as unknown as Plan;
      } catch (error) {
        return error;
      }
    })();
    assert.instance(planned, SpecError);
  });
}

test('limits are plain JSON, by what each controller has, and add up', () => {
  const { spec } = bare()
    .limits({ memory: '256M', cpus: 0.5 })
    .limits({ swap: 0, pids: 'max', memory: { high: '200M' } });
  const limits = {
    memory: { max: '256M', high: '200M', swapMax: 0 },
    cpu: { max: 0.5 },
    pids: { max: 'max' },
  };
  assert.equal(spec.limits, limits);
  assert.equal(Sandbox.from(JSON.stringify(spec)).spec, spec);
});

test.run();
