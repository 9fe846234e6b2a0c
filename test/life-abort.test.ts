// An AbortSignal ends a command at every moment of its life.
import { getEventListeners, setMaxListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { start } from '../src/builder/process/start.js';
import { thisHost } from '../src/builder/this-host.js';
import { bare, isolate, RunningProcess, type Sandbox, SpecError } from '../src/index.js';
import { mostAtOnce } from '../src/sys/launcher/turns.js';
import { keepPoolBusy } from './helpers/busy-pool.js';
import { skipUnless, timeNamespacesRefused } from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, type HostState, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';

const folder = foldersFor(test);

/** The host once everything is there that is made once. */
async function warmHost(): Promise<HostState> {
  await Promise.all(Array.from({ length: 8 }, () => isolate().run('true')));
  return hostState();
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => assert.unreachable('it did not reject') as never,
    (error) => error,
  );
}

test('before the launch: nothing is started', async () => {
  const before = await warmHost();
  const signal = AbortSignal.abort();
  for (const sandbox of [bare(), isolate()]) {
    const error = await rejection(sandbox.spawn('sh', ['-c', 'exit 1'], { signal, stdio: 'pipe' }));
    assert.is(error.name, 'AbortError');
    assert.is((await rejection(sandbox.run('true', [], { signal }))).name, 'AbortError');
  }
  assert.is(getEventListeners(signal, 'abort').length, 0);
  assertSameHost(before, 'after it');
});

/** Moments from the call of spawn to some time after it. */
const moments: readonly (() => Promise<unknown>)[] = [
  () => Promise.resolve(),
  ...[1, 3, 10].map((turns) => async () => {
    for (let i = 0; i < turns; i++) await setImmediate();
  }),
  ...[0, 1, 2, 3, 4, 6, 9].map((milliseconds) => () => setTimeout(milliseconds)),
];

test('during the launch: it rejects, or the command is ended', async () => {
  const before = await warmHost();
  const seen = { rejected: 0, ended: 0 };
  for (let i = 0; i < 330; i++) {
    const moment = moments[i % moments.length] as () => Promise<unknown>;
    const controller = new AbortController();
    const { signal } = controller;
    const sandbox = i % 2 === 0 ? isolate() : bare();
    const spawned = sandbox.spawn('sleep', ['100'], { signal, stdio: i % 3 === 0 ? 'pipe' : 'ignore' });
    spawned.catch(() => {});
    await moment();
    controller.abort();
    let running: RunningProcess | undefined;
    try {
      running = await inTime(spawned, `abort ${i}`);
    } catch (error) {
      assert.is((error as Error).name, 'AbortError', (error as Error).message);
      seen.rejected++;
    }
    if (running !== undefined) {
      const exit = await inTime(running.exited, `abort ${i}`);
      assert.is(exit.kind === 'killed' && `${exit.by} ${exit.signal}`, 'abort SIGKILL');
      await running[Symbol.asyncDispose]();
      seen.ended++;
    }
    assert.is(getEventListeners(signal, 'abort').length, 0);
  }
  assert.ok(seen.rejected > 0 && seen.ended > 0, JSON.stringify(seen));
  assertSameHost(before, 'after all of them');
});

skipUnless(test, timeNamespacesRefused(), 'during a launch that takes a second child', async () => {
  const { spec } = isolate().clock({ boottime: 60 }).stdio('ignore');
  const plan = compile(spec, { file: 'sleep', args: ['100'] }, { ...thisHost(), timeEntersAtExec: false });
  const before = await warmHost();
  for (let i = 0; i < 110; i++) {
    const moment = moments[i % moments.length] as () => Promise<unknown>;
    const controller = new AbortController();
    const started = start(plan, spec, controller.signal);
    started.catch(() => {});
    await moment();
    controller.abort();
    const what = `abort ${i}`;
    const outcome = await inTime(started, what).catch((error) => error as Error);
    if (outcome instanceof Error) assert.is(outcome.name, 'AbortError', outcome.message);
    else
      await new RunningProcess({ ...outcome, isPid1: false, reach: 'process', streams: new Map() })[
        Symbol.asyncDispose
      ]();
    assertSameHost(before, what);
  }
});

test('during many launches at once', async () => {
  const before = await warmHost();
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(100, signal);
  const outcomes = Array.from({ length: 100 }, async () => {
    const running = await isolate().spawn('sleep', ['100'], { signal, stdio: 'ignore' });
    const exit = await running.exited;
    return exit.kind === 'killed' ? exit.signal : exit.kind;
  });
  const settled = Promise.allSettled(outcomes);
  await Promise.race([outcomes[0], setTimeout(30)]);
  controller.abort();
  for (const outcome of await inTime(settled, 'abort of 100')) {
    if (outcome.status === 'rejected') assert.is(outcome.reason.name, 'AbortError');
    else assert.is(outcome.value, 'SIGKILL');
  }
  assert.is(getEventListeners(signal, 'abort').length, 0);
  assertSameHost(before, 'after all of them');
});

/** Commands that show that they have run. */
function marks(count: number): { files: readonly string[]; shown: () => readonly string[] } {
  const directory = folder();
  const files = Array.from({ length: count }, (_, i) => join(directory, String(i)));
  return { files, shown: () => readdirSync(directory) };
}

test('while it waits for its turn: the command never runs, and the others have theirs', async () => {
  const before = await warmHost();
  const { files, shown } = marks(40);
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(100, signal);
  // In one turn of the event loop: these have begun, and all that come after them wait.
  const first = Array.from({ length: mostAtOnce }, () => bare().run('true'));
  const waiting = files.map((file) => rejection(bare().spawn('mkdir', [file], { signal, stdio: 'ignore' })));
  const last = bare().run('echo', ['output']);
  controller.abort();
  for (const error of await inTime(Promise.all(waiting), 'those that waited')) assert.is(error.name, 'AbortError');
  await inTime(Promise.all(first), 'the first');
  assert.is((await inTime(last, 'the last')).stdout, 'output\n');
  assert.equal(shown(), []);
  assert.is(getEventListeners(signal, 'abort').length, 0);
  assertSameHost(before, 'after it');
});

test('while no thread is there for it: the command never runs', async () => {
  const before = await warmHost();
  const { files, shown } = marks(2);
  const sandboxes = [bare(), isolate().bind(dirname(files[0] as string))];
  const release = keepPoolBusy(folder());
  const controller = new AbortController();
  const options = { signal: controller.signal, stdio: 'ignore' } as const;
  const outcomes = files.map((file, i) => rejection((sandboxes[i] as Sandbox).spawn('mkdir', [file], options)));
  await setTimeout(20);
  controller.abort();
  const released = release();
  // The event loop does not turn meanwhile: what runs has time to.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  for (const error of await inTime(Promise.all(outcomes), 'spawn')) assert.is(error.name, 'AbortError');
  await released;
  assert.equal(shown(), []);
  assertSameHost(before, 'after it');
});

test('after the launch: SIGKILL, or what is asked for', async () => {
  for (const killSignal of [undefined, 'SIGTERM', 'SIGUSR1', 2] as const) {
    const controller = new AbortController();
    const options = { signal: controller.signal, stdio: 'ignore', ...(killSignal && { killSignal }) } as const;
    const running = await bare().spawn('sleep', ['100'], options);
    controller.abort();
    const exit = await inTime(running.exited, `${killSignal}`);
    assert.is(exit.kind === 'killed' && exit.signal, killSignal === 2 ? 'SIGINT' : (killSignal ?? 'SIGKILL'));
    assert.is(getEventListeners(controller.signal, 'abort').length, 0);
  }
});

test('after the end: nothing, and no listener is left', async () => {
  const controller = new AbortController();
  const running = await bare().spawn('true', [], { signal: controller.signal, stdio: 'ignore' });
  const exit = await running.exited;
  assert.is(getEventListeners(controller.signal, 'abort').length, 0);
  controller.abort();
  assert.is(await running.exited, exit);
  assert.is(exit.kind, 'exited');
});

test('run rejects when it is aborted, and the command is gone', async () => {
  const before = await warmHost();
  for (const sandbox of [bare(), isolate()]) {
    const controller = new AbortController();
    const ran = sandbox.run('sh', ['-c', 'echo some; exec sleep 100'], { signal: controller.signal });
    const rejected = rejection(ran);
    await setTimeout(50);
    controller.abort();
    assert.is((await inTime(rejected, 'run')).name, 'AbortError');
  }
  assertSameHost(before, 'after it');
});

test('a signal that fails a spawn has no listener left', async () => {
  const { signal } = new AbortController();
  await rejection(bare().spawn('/nonexistent', [], { signal }));
  await rejection(bare().spawn('', [], { signal }));
  assert.is(getEventListeners(signal, 'abort').length, 0);
});

test('a killSignal that does not exist is refused before anything is started', async () => {
  const before = await warmHost();
  const { signal } = new AbortController();
  for (const killSignal of ['SIGNOPE' as 'SIGKILL', 0, 65, -1, 1.5]) {
    const error = await rejection(bare().spawn('true', [], { signal, killSignal, stdio: 'ignore' }));
    assert.instance(error, SpecError);
    assert.is((error as SpecError).field, 'killSignal');
  }
  assertSameHost(before, 'after it');
});

test.run();
