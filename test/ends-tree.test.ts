// What is killed together with a command: its PID namespace, or else its session, or else nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptySession } from '../src/builder/process/session.js';
import { bare, isolate, type RunningProcess, type Sandbox, type SpawnOptions } from '../src/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { aliveInSession, isAlive, until } from './helpers/processes.js';

const folder = foldersFor(test);
const noProc = either(userNamespacesRefused(), freshProcRefused());
// A shell tells of children that were killed.
const stdio = ['ignore', 'pipe', 'ignore'] as const;

// What is made once is there.
test.before(() =>
  bare()
    .run('true')
    .then(() => {}),
);

/** Starts a script, and waits for the first line that it prints. */
async function started(sandbox: Sandbox, script: string, options: SpawnOptions = {}) {
  const running = await sandbox.spawn('sh', ['-c', script], { stdio, ...options });
  const [line] = await once(running.stdout as Readable, 'data');
  return { running, line: String(line).trim() };
}

/** The output ends when the last process has ended that has it. */
async function outputEnds({ stdout }: RunningProcess): Promise<void> {
  const stream = (stdout as Readable).resume();
  if (!stream.readableEnded) await inTime(once(stream, 'end'), 'the end of its output');
}

/** Children in groups and pipelines of their own, children of children, and one whose parent has gone. */
const family = `
  sleep 100 & (sleep 100 & sleep 100) & sh -c 'sleep 100 | sleep 100' & (sleep 100 &)
  trap 'exit 9' TERM
  echo ready; wait; while :; do sleep 0.02; done`;

/** A child that starts others for as long as it lives. */
const breeder = `(while :; do sleep 100 & sleep 0.01; done) & echo ready; sleep 100`;

const ends: [name: string, end: (running: RunningProcess, abort: () => void) => unknown, options: SpawnOptions][] = [
  ['an abort', (_running, abort) => abort(), {}],
  ['an abort that asks first', (_running, abort) => abort(), { killSignal: 'SIGTERM', grace: '1m' }],
  ['the end of the grace', (_running, abort) => abort(), { killSignal: 'SIGCONT', grace: 100 }],
  ['a limit', () => {}, { timeout: '2s' }],
  ['await using', (running) => running[Symbol.asyncDispose](), {}],
];

for (const [name, end, options] of ends) {
  for (const [what, script] of Object.entries({ family, breeder })) {
    test(`${name} takes the whole session: ${what}`, async () => {
      const before = hostState();
      const controller = new AbortController();
      const { running } = await started(bare().newSession(), script, { ...options, signal: controller.signal });
      const ended = end(running, () => controller.abort());
      const exit = await inTime(running.exited, name);
      assert.ok(exit.kind === 'killed' || exit.kind === 'timeout', exit.kind);
      assert.equal(aliveInSession(running.pid), []);
      if (name !== 'await using') await outputEnds(running);
      await ended;
      await running[Symbol.asyncDispose]();
      assertSameHost(before, name);
    });
  }
}

test('an abort between the start of the command and the news of it takes the whole session', async () => {
  const before = hostState();
  const file = join(folder(), 'pid');
  const controller = new AbortController();
  const spawned = bare()
    .newSession()
    .spawn('sh', ['-c', 'sleep 100 & echo $$ > "$1"; sleep 100', 'sh', file], { stdio, signal: controller.signal });
  const outcome = spawned.catch((error) => error);
  // The event loop does not turn meanwhile, and so nobody is told that the command runs.
  const deadline = performance.now() + 30_000;
  while (!(existsSync(file) && readFileSync(file, 'utf8') !== '') && performance.now() < deadline) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  const session = Number(readFileSync(file, 'utf8'));
  assert.ok(aliveInSession(session).length >= 2);
  controller.abort();
  assert.is((await inTime(outcome, 'spawn')).name, 'AbortError');
  assert.equal(aliveInSession(session), []);
  assertSameHost(before, 'after it');
});

test('a daemon of a command that has ended by itself goes on, whatever comes', async () => {
  const controller = new AbortController();
  const options = { signal: controller.signal, timeout: '2s' };
  const { running } = await started(bare().newSession(), '(sleep 100 & echo $!) & wait $!; exit 4', options);
  const exit = await inTime(running.exited, 'the command');
  const [daemon, ...others] = aliveInSession(running.pid);
  assert.ok(daemon !== undefined && others.length === 0);
  try {
    await running[Symbol.asyncDispose]();
    controller.abort();
    await setTimeout(2200);
    assert.equal([exit.kind, isAlive(daemon as number)], ['exited', true]);
  } finally {
    process.kill(daemon as number, 'SIGKILL');
  }
});

test('with neither a PID namespace nor a session, only the command itself', async () => {
  const { running, line } = await started(bare(), 'sleep 100 & echo $!; wait', { timeout: '2s' });
  const child = Number(line);
  const exit = await inTime(running.exited, 'the command');
  assert.is(exit.kind, 'timeout');
  assert.ok(isAlive(child));
  process.kill(child, 'SIGKILL');
  await running[Symbol.asyncDispose]();
});

skipUnless(test, commandMissing('setsid'), 'what makes a session of its own gets away from a session', async () => {
  const script = 'setsid sleep 100 & echo $!; sleep 100';
  const { running, line } = await started(bare().newSession(), script);
  const away = Number(line);
  await until(() => aliveInSession(away).length === 1, 'it has a session');
  await running[Symbol.asyncDispose]();
  assert.ok(isAlive(away));
  process.kill(away, 'SIGKILL');
});

skipUnless(
  test,
  either(noProc, commandMissing('setsid')),
  'nothing gets away from a PID namespace, sessions or not',
  async () => {
    for (const sandbox of [isolate(), bare().unshare('user', 'pid', 'mount')]) {
      const { running } = await started(sandbox, `setsid sleep 100 & ${family}`, { timeout: '2s' });
      const exit = await inTime(running.exited, 'the command');
      assert.is(exit.kind, 'timeout');
      await outputEnds(running);
    }
  },
);

skipUnless(
  test,
  either(rootOnly(), commandMissing('setpriv')),
  'a process of the session that may not be killed is not waited for',
  async () => {
    // Without CAP_KILL this program could not kill it: a copy of it has none.
    const code = `
      import { bare } from ${JSON.stringify(new URL('../src/index.js', import.meta.url).href)};
      const script = 'setpriv --reuid 33 --regid 33 --clear-groups sleep 100 & echo ready; sleep 100';
      const running = await bare().newSession().spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => running.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, 500));
      await running[Symbol.asyncDispose]();
      console.log(running.pid);`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', code];
    const program = spawn('setpriv', ['--bounding-set', '-kill', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    program.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [status] = await inTime(once(program, 'close'), 'the program');
    const left = aliveInSession(Number(Buffer.concat(chunks)));
    for (const pid of left) process.kill(pid, 'SIGKILL');
    assert.equal([status, left.length], [0, 1]);
  },
);

test('a session that is not there is empty', async () => {
  const running = await bare().newSession().spawn('sleep', ['100'], { stdio: 'ignore' });
  // The leader itself is never killed by this.
  await inTime(emptySession(running.pid), 'it');
  assert.ok(running.kill(0));
  await running[Symbol.asyncDispose]();
});

test.run();
