// Which namespaces a command is in, also when it has ended at once.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import type { PlanStep } from '../src/builder/plan.js';
import { seenFromHere } from '../src/builder/process/identified.js';
import { start } from '../src/builder/process/start.js';
import { thisHost } from '../src/builder/this-host.js';
import { type Box, bare, isolate, RunningProcess, type Sandbox, StepError } from '../src/index.js';
import { namespacesOf } from '../src/ns/index.js';
import {
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { withRefused } from './helpers/inject.js';
import { isGone } from './helpers/places.js';

const noProc = either(userNamespacesRefused(), freshProcRefused());
const noTime = either(noProc, timeNamespacesRefused());

/** What a command itself finds in its own `/proc`. */
async function seenInside(place: Sandbox | Box): Promise<{ told: object | undefined; seen: object }> {
  const script = 'for kind in user mnt pid net ipc uts cgroup time; do readlink /proc/self/ns/$kind || echo; done';
  const running = await place.spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], identify: true });
  const chunks: Buffer[] = [];
  for await (const chunk of running.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  await running.exited;
  const lines = String(Buffer.concat(chunks)).trim().split('\n');
  const entries = lines.flatMap((line) => {
    const [, file, id] = /^(\w+):\[(\d+)\]$/.exec(line) ?? [];
    return file === undefined ? [] : [[file === 'mnt' ? 'mount' : file, Number(id)]];
  });
  return { told: running.namespaces, seen: Object.fromEntries(entries) };
}

test('without new namespaces they are ours', async () => {
  const { told, seen } = await seenInside(bare());
  assert.equal(told, seen);
  assert.equal(told, namespacesOf());
});

const sandboxes: Record<string, [Sandbox, string | undefined]> = {
  'the safe default': [isolate(), noProc],
  'a clock': [isolate().clock({ boottime: 60 }), noTime],
  'a time namespace without offsets': [bare().unshare('user', 'mount', 'pid', 'time'), noTime],
  'root inside': [bare().unshare('user', 'pid', 'mount', 'uts').mapRoot(), noProc],
  'another user inside, with ranges': [
    isolate().mapUsers('0:100000:65536').mapGroups('0:100000:65536').uid(5).gid(6),
    either(noProc, rootOnly()),
  ],
};
for (const [name, [sandbox, reason]] of Object.entries(sandboxes)) {
  skipUnless(test, reason, `${name}: as the command sees them, and new`, async () => {
    const { told, seen } = await seenInside(sandbox);
    assert.equal(told, seen);
    const own = namespacesOf() as Record<string, number>;
    const others = Object.entries(told as Record<string, number>).filter(([kind, id]) => own[kind] !== id);
    assert.equal(others.map(([kind]) => kind).sort(), [...sandbox.spec.unshare].sort());
  });
}

skipUnless(test, noProc, 'a command that ends at once, in an empty root', async () => {
  const sandbox = isolate().emptyRoot().roBind('/usr').tryRoBind('/bin').tryRoBind('/lib').tryRoBind('/lib64');
  const running = await sandbox.spawn('/usr/bin/true', [], { stdio: 'ignore', identify: true });
  await running.exited;
  assert.is(Object.keys(running.namespaces ?? {}).length, thisHost().namespaces.length);
});

/** Those of a command that ends at once, a hundred times. */
async function ofTrue(place: Sandbox | Box): Promise<(object | undefined)[]> {
  const all = Array.from({ length: 100 }, async () => {
    const running = await place.spawn('true', [], { stdio: 'ignore', identify: true });
    await running.exited;
    return running.namespaces;
  });
  return Promise.all(all);
}

const boxes: Record<string, [Sandbox, string | undefined]> = {
  ...sandboxes,
  'no PID namespace': [bare().unshare('user', 'mount').mapRoot(), undefined],
};
for (const [name, [sandbox, reason]] of Object.entries(boxes)) {
  skipUnless(test, either(noProc, reason), `in a box, also when it ends at once: ${name}`, async () => {
    await using box = await sandbox.open();
    const { told, seen } = await seenInside(box);
    assert.equal(told, seen);
    assert.equal(told, namespacesOf(box.pid));
    for (const namespaces of await ofTrue(box)) assert.equal(namespaces, told);
  });
}

skipUnless(test, noProc, 'in a box that is gone nothing is told but that', async () => {
  const box = await isolate().open();
  process.kill(box.pid, 'SIGKILL');
  // Before this program is told of it.
  while (!isGone(box.pid));
  const error = await box.spawn('true', [], { identify: true }).catch((error) => error);
  assert.is(error.code, 'ERR_ISOLATE_BOX_CLOSED');
});

skipUnless(test, noProc, 'in namespaces of others, also when it ends at once', async () => {
  await using other = await isolate().spawn('sleep', ['1000'], { stdio: 'ignore' });
  const { user, net, uts } = namespacesOf(other.pid);
  const path = (file: string) => `/proc/${other.pid}/ns/${file}`;
  const own = namespacesOf();
  const joins: [Sandbox, object][] = [
    [bare().join(other.pid), namespacesOf(other.pid)],
    [bare().join({ pid: other.pid, kinds: ['user', 'uts'] }), { ...own, user, uts }],
    [bare().join({ user: path('user'), net: path('net') }), { ...own, user, net }],
  ];
  for (const [sandbox, expected] of joins) {
    const { told, seen } = await seenInside(sandbox);
    assert.equal(told, expected);
    assert.equal(told, seen);
    for (const namespaces of await ofTrue(sandbox)) assert.equal(namespaces, expected);
  }
});

test('nobody is told who does not ask, also from a plan that is remembered', async () => {
  const sandbox = bare();
  for (const identify of [false, true, undefined, true]) {
    const options = identify === undefined ? {} : { identify };
    const running = await sandbox.spawn('true', [], { stdio: 'ignore', ...options });
    assert.is(running.namespaces !== undefined, identify === true);
    await running.exited;
  }
  const plan = (identify: boolean) => compile(sandbox.spec, { file: 'true', args: [] }, thisHost(), { identify });
  const calls = (identify: boolean) => plan(identify).steps.map(({ step }) => step.call.name);
  assert.not(calls(false).includes('readlinkat'));
  assert.is(calls(true).filter((name) => name === 'readlinkat').length, thisHost().namespaces.length);
});

test('a step of it that fails is a failure like any other', async () => {
  const { spec } = bare().stdio('ignore');
  const plan = compile(spec, { file: 'true', args: [] }, thisHost(), { identify: true });
  const step = plan.steps.find((one) => one.step.call.name === 'readlinkat') as PlanStep;
  const error = await start(withRefused(plan, step), spec, undefined).catch((error) => error);
  assert.instance(error, StepError);
  assert.equal([error.from, error.step], ['spawn({ identify: true })', step.index]);
});

skipUnless(test, noTime, 'a second child does not find out: it is looked at from here', async () => {
  const { spec } = isolate().clock({ boottime: 60 }).stdio('ignore');
  const host = { ...thisHost(), timeEntersAtExec: false };
  const plan = compile(spec, { file: 'sleep', args: ['100'] }, host, { identify: true });
  const started = await start(plan, spec, undefined);
  assert.is(started.namespaces, undefined);
  const running = new RunningProcess({ ...started, isPid1: false, reach: 'namespace', streams: new Map() });
  const seen = seenFromHere(running.pid);
  assert.is.not(seen?.pid, namespacesOf().pid);
  assert.equal(seen, namespacesOf(running.pid));
  await running[Symbol.asyncDispose]();
  assert.is(seenFromHere(running.pid), undefined);
});

test.run();
