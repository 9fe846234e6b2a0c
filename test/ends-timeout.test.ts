// Time limits: what they take, and what happens when one is over.
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { getEventListeners, once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bare,
  type Duration,
  type Exit,
  isolate,
  LaunchTimeoutError,
  type RunResult,
  type SpawnOptions,
  SpecError,
  type StepErrorEvent,
} from '../src/index.js';
import { close, execve, launch, O, P, pipe2, program, read, W, waitid, write } from '../src/sys/index.js';
import { mostAtOnce } from '../src/sys/launcher/turns.js';
import { keepPoolBusy } from './helpers/busy-pool.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { programOf, repository } from './helpers/program.js';

// What is made once is there.
test.before(() =>
  bare()
    .run('true')
    .then(() => {}),
);

const folder = foldersFor(test);
const noProc = either(userNamespacesRefused(), freshProcRefused());

function kindOf({ usage: _usage, wallTime: _wallTime, ...kind }: Exit): object {
  return kind;
}

const limitOf = (limit: Duration | false) => bare().timeout(limit).spec.timeout?.limit;

test('durations', () => {
  const known: [Duration, number][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['0.5ms', 0.5],
    [1500, 1500],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ];
  for (const [given, milliseconds] of known) assert.is(limitOf(given), milliseconds, String(given));
});

test('what is no duration is refused, with a way out', () => {
  const none = [
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31,
    '',
    '10',
    '0s',
    '-1s',
    '1d',
    '1 s',
    '1e3ms',
    '600h',
  ];
  for (const given of [...none, 's', null, {}, true] as Duration[]) {
    assert.throws(() => limitOf(given), isRefusal('timeout'), String(given));
    assert.throws(() => bare().timeout(1, { grace: given }), isRefusal('grace'), String(given));
  }
  for (const killSignal of ['SIGNOPE', 0, 65, '']) {
    const options = { killSignal: killSignal as NodeJS.Signals };
    assert.throws(() => bare().timeout(1, options), isRefusal('killSignal', false));
  }
});

function isRefusal(field: string, hasHelp = true) {
  return (error: unknown) =>
    error instanceof SpecError && error.field === field && (!hasHelp || error.help !== undefined);
}

test('spawn and run refuse the same before anything is done', async () => {
  const before = hostState();
  const wrong: [SpawnOptions, string][] = [
    [{ timeout: '10' }, 'timeout'],
    [{ timeout: 0 }, 'timeout'],
    [{ grace: Number.POSITIVE_INFINITY }, 'grace'],
    [{ killSignal: 'SIGNOPE' as 'SIGKILL' }, 'killSignal'],
  ];
  for (const [options, field] of wrong) {
    for (const start of [() => bare().spawn('true', [], options), () => bare().run('true', [], options)]) {
      const error = await start().then(
        () => undefined,
        (error) => error,
      );
      assert.ok(isRefusal(field, false)(error), `${field}: ${error}`);
    }
  }
  assertSameHost(before, 'after it');
});

test('a limit is part of the spec, and makes the trip through JSON', async () => {
  const sandbox = bare().timeout('2s', { killSignal: 'SIGTERM', grace: '1s' });
  assert.equal(sandbox.spec.timeout, { limit: 2000, killSignal: 'SIGTERM', grace: 1000 });
  assert.equal(bare().timeout(5).spec.timeout, { limit: 5 });
  const { spec } = (await import('../src/index.js')).Sandbox.from(JSON.stringify(sandbox.spec));
  assert.equal(spec, sandbox.spec);
  assert.is(sandbox.timeout(false).spec.timeout, undefined);
  for (const timeout of [{ limit: '2s' }, { limit: 1, grace: '1s' }, { limit: 1, other: 2 }, 5, {}]) {
    const json = { ...bare().spec, timeout };
    assert.throws(() => isolate.from(json), isRefusal('timeout', false), JSON.stringify(timeout));
  }
  for (const timeout of [{ limit: -1 }, { limit: 1, grace: 0 }, { limit: 1, killSignal: 'SIGNOPE' }]) {
    const wrong = isolate.from({ ...bare().spec, timeout });
    assert.throws(
      () => wrong.plan('true'),
      (error: unknown) => error instanceof SpecError,
    );
  }
});

test('SIGKILL when the time is over, whatever it does about signals', async () => {
  const before = hostState();
  for (const options of [{}, { timeout: '500ms' }, { timeout: 500, killSignal: 9 }] satisfies SpawnOptions[]) {
    const sandbox = 'timeout' in options ? bare().timeout('1h') : bare().timeout(500);
    const ran = sandbox.newSession().run('sh', ['-c', "trap '' TERM INT; echo begun; sleep 100"], options);
    const { exit, stdout } = await inTime(ran, 'run');
    assert.equal(kindOf(exit), { kind: 'timeout', limit: 500, code: null, signal: 'SIGKILL' });
    assert.is(stdout, 'begun\n');
  }
  assertSameHost(before, 'after it');
});

test('it counts from the start of the command, and never ends one that ends before', async () => {
  const { exit } = await bare().timeout('30s').run('sh', ['-c', 'exit 3']);
  assert.equal(kindOf(exit), { kind: 'exited', code: 3 });
  const { exit: late } = await inTime(bare().run('sleep', ['100'], { timeout: 300 }), 'run');
  assert.ok(late.wallTime >= 290, `${late.wallTime}`);
});

skipUnless(test, noProc, 'a launch may take as long as the command, and no longer', async () => {
  await isolate().run('true');
  const before = hostState();
  const told: string[] = [];
  const tell = (event: unknown) => told.push((event as StepErrorEvent).error.name);
  subscribe('isolate:step-error', tell);
  const { signal } = new AbortController();
  const options = { timeout: '100ms', killSignal: 'SIGTERM', grace: '1h', signal } as const;
  // They have begun, and get no thread.
  const release = keepPoolBusy(folder());
  const spawned = [bare(), isolate()].map((sandbox) =>
    sandbox.spawn('sleep', ['100'], { ...options, stdio: 'ignore' }).catch((error) => error),
  );
  const ran = isolate().run('cat', [], { ...options, input: 'text', encoding: 'lines', all: true });
  await setTimeout(500);
  await release();
  for (const error of await inTime(Promise.all(spawned), 'spawn')) {
    assert.instance(error, LaunchTimeoutError);
    assert.equal([error.code, error.limit], ['ERR_ISOLATE_TIMEOUT', 100]);
  }
  const { stdout, all, exit } = await inTime(ran, 'run');
  assert.equal([stdout, all], [[], []]);
  assert.equal(kindOf(exit), { kind: 'timeout', limit: 100, code: null, signal: null });
  assert.equal([exit.wallTime, exit.usage.maxRSS], [0, 0]);
  assert.is(getEventListeners(signal, 'abort').length, 0);
  unsubscribe('isolate:step-error', tell);
  assert.equal(told, new Array(3).fill('LaunchTimeoutError'));
  assertSameHost(before, 'after it');
});

test('what a launch waits for its turn is not counted', async () => {
  const [readEnd, writeEnd] = pipe2(O.CLOEXEC);
  const waits = program({ before: [read.step(readEnd, 1)], exec: [execve.step('/nonexistent', [], [])] });
  const others = Array.from({ length: mostAtOnce }, () => launch(waits));
  const ran = bare().run('true', [], { timeout: '1s' });
  await setTimeout(1500);
  write(writeEnd, 'x'.repeat(mostAtOnce));
  for (const { done } of others) {
    const pidfd = (await done).int(waits.pidfd);
    waitid(P.PIDFD, pidfd, W.EXITED);
    close(pidfd);
  }
  assert.is((await inTime(ran, 'run')).exit.kind, 'exited');
  for (const fd of [readEnd, writeEnd]) close(fd);
});

test('the options of spawn win over the spec, `false` too', async () => {
  const sandbox = bare().timeout(500, { killSignal: 'SIGTERM' });
  assert.is((await sandbox.run('sleep', ['0.8'], { timeout: false })).exit.kind, 'exited');
  const { exit } = await inTime(sandbox.run('sleep', ['100'], { killSignal: 'SIGINT', timeout: '600ms' }), 'run');
  assert.equal(kindOf(exit), { kind: 'timeout', limit: 600, code: null, signal: 'SIGINT' });
  const { exit: ofSpec } = await inTime(sandbox.run('sleep', ['100']), 'run');
  assert.equal(kindOf(ofSpec), { kind: 'timeout', limit: 500, code: null, signal: 'SIGTERM' });
});

/** Runs a script that says `ready` when its traps are set, and lets its time be over after that. */
async function askedScript(script: string, options: SpawnOptions): Promise<Exit> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const controller = new AbortController();
  const running = await bare()
    .newSession()
    .spawn('sh', ['-c', script], { stdio, signal: controller.signal, ...options });
  await once(running.stdout as Readable, 'data');
  controller.abort();
  const exit = await inTime(running.exited, script);
  assert.is(getEventListeners(controller.signal, 'abort').length, 0);
  return exit;
}

const waits = 'echo ready; while :; do sleep 0.02; done';

test('what is asked to end and does is ended by us, with its own code', async () => {
  const exit = await askedScript(`trap 'exit 9' TERM; ${waits}`, { killSignal: 'SIGTERM', grace: '1h' });
  assert.equal(kindOf(exit), { kind: 'killed', by: 'abort', code: 9, signal: null });
});

test('what is asked to end and does not gets SIGKILL after its grace', async () => {
  const exit = await askedScript(`trap 'echo no' TERM; ${waits}`, { killSignal: 'SIGTERM', grace: 200 });
  assert.equal(kindOf(exit), { kind: 'killed', by: 'abort', code: null, signal: 'SIGKILL' });
});

test('a signal that ends nobody is followed by SIGKILL, too', async () => {
  const exit = await askedScript(waits, { killSignal: 'SIGWINCH', grace: 100 });
  assert.equal(kindOf(exit), { kind: 'killed', by: 'abort', code: null, signal: 'SIGKILL' });
});

test('the first reason is the one, and await using does not wait for a grace', async () => {
  const running = await bare().spawn('sh', ['-c', `trap '' TERM; ${waits}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...{ timeout: '1s', killSignal: 'SIGTERM', grace: '1h' },
  });
  await once(running.stdout as Readable, 'data');
  await setTimeout(1200);
  assert.ok(running.kill(0), 'it waits for its grace to end');
  await inTime(running[Symbol.asyncDispose](), 'dispose');
  assert.equal(kindOf(await running.exited), { kind: 'timeout', limit: 1000, code: null, signal: 'SIGKILL' });
});

skipUnless(test, noProc, 'a command without a handler ends at once in a PID namespace, all with it', async () => {
  const sandbox = isolate().timeout(1000, { killSignal: 'SIGTERM', grace: '1h' });
  const script = 'echo begun; sleep 100 & exec sleep 100';
  await sandbox.run('true');
  const before = hostState();
  for (const [box, signal] of [
    [sandbox, 'SIGTERM'],
    [sandbox.asPid1(), 'SIGKILL'],
  ] as const) {
    const { exit, stdout } = await inTime(box.run('sh', ['-c', script]), 'run');
    assert.equal(kindOf(exit), { kind: 'timeout', limit: 1000, code: null, signal });
    assert.is(stdout, 'begun\n');
    assertSameHost(before, 'after it');
  }
});

/** Runs a script that starts something which holds its output, and prints to stderr who that is. */
async function withHolder(script: string, timeout: string): Promise<RunResult> {
  const result = await inTime(bare().run('sh', ['-c', `sleep 100 & echo $! >&2; ${script}`], { timeout }), 'run');
  process.kill(Number(result.stderr), 'SIGKILL');
  return result;
}

test('run gives back what was printed, also where something holds the output that is not killed', async () => {
  const size = 60_000;
  const { exit, stdout } = await withHolder(`head -c ${size} /dev/zero | tr '\\0' x; exec sleep 100`, '2s');
  assert.is(exit.kind, 'timeout');
  assert.is(stdout.length, size);
});

test('run does not wait beyond the limit for what the command left behind', async () => {
  const { exit, stdout } = await withHolder('echo done', '2s');
  assert.equal(kindOf(exit), { kind: 'exited', code: 0 });
  assert.is(stdout, 'done\n');
});

test('an abort is an AbortError of run, also in the grace of a limit', async () => {
  const controller = new AbortController();
  const ran = bare()
    .newSession()
    .run('sh', ['-c', `trap '' TERM; ${waits}`], {
      ...{ timeout: '500ms', killSignal: 'SIGTERM', grace: '3s', signal: controller.signal },
    });
  const outcome = ran.then(
    () => undefined,
    (error) => error,
  );
  await setTimeout(1000);
  controller.abort();
  assert.is((await inTime(outcome, 'run'))?.name, 'AbortError');
});

test('a limit does not keep a program from its end', () => {
  const codes = [
    // The process is not waited for: neither is its limit.
    "const p = await bare().timeout('20s').spawn('sleep', ['1'], { stdio: 'ignore' }); p.unref();",
    // It has ended: its limit is gone.
    "await bare().timeout('20s').run('true');",
    "const p = await bare().spawn('sh', ['-c', 'trap \"exit 0\" TERM; while :; do sleep 0.02; done'], " +
      "{ stdio: 'ignore', timeout: 300, killSignal: 'SIGTERM', grace: '20s' }); await p.exited;",
  ];
  for (const code of codes) {
    const [file, args] = programOf(code);
    const { status, signal, stderr } = spawnSync(file, args, { cwd: repository, encoding: 'utf8', timeout: 15_000 });
    assert.equal([status, signal], [0, null], stderr);
  }
});

test('a program that waits for nothing else waits for a limit', () => {
  const code = "const { exit } = await bare().timeout(500).run('sleep', ['100']); console.log(exit.kind, exit.limit);";
  const [file, args] = programOf(code);
  const { stdout, stderr } = spawnSync(file, args, { cwd: repository, encoding: 'utf8', timeout: 30_000 });
  assert.is(stdout, 'timeout 500\n', stderr);
});

test.run();
