// What an end is called, and what it comes with.
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cause, type EndedByUs, type Exit, exitOf, type Outcome } from '../src/builder/process/exit.js';
import { bare, type RunningProcess, type Sandbox, SpecError } from '../src/index.js';
import { CLD, SIG, type Waited } from '../src/sys/index.js';
import { signalName, signalNumber } from '../src/units/index.js';
import { inTime } from './helpers/in-time.js';

const time = { tv_sec: 0, tv_usec: 1 };
const usage = { ru_utime: time, ru_stime: time, ru_maxrss: 3 } as Waited['usage'];
const outcome = (code: number, status: number): Outcome => ({ code, status, usage });

/** Without what is the same for all. */
function kindOf(given: Outcome, byUs?: EndedByUs): object {
  const { usage, wallTime, ...kind } = exitOf(given, 12, byUs);
  assert.equal([usage.userCPUTime, usage.maxRSS, wallTime], [1, 3, 12]);
  return kind;
}

const exited = outcome(CLD.EXITED, 7);
const terminated = outcome(CLD.KILLED, SIG.TERM);
const killed = outcome(CLD.KILLED, SIG.KILL);

test('what ended by itself', () => {
  assert.equal(kindOf(exited), { kind: 'exited', code: 7 });
  assert.equal(kindOf(terminated), { kind: 'signaled', signal: 'SIGTERM', coreDumped: false });
  assert.equal(kindOf(outcome(CLD.DUMPED, SIG.SYS)), { kind: 'signaled', signal: 'SIGSYS', coreDumped: true });
  assert.equal(kindOf(outcome(CLD.KILLED, 37)), { kind: 'signaled', signal: 'SIGRTMIN+3', coreDumped: false });
});

const causes: Cause[] = [
  { kind: 'timeout', limit: 9 },
  { kind: 'killed', by: 'abort' },
  { kind: 'killed', by: 'dispose' },
];
for (const cause of causes) {
  const name = Object.values(cause).join(' ');

  test(`${name}: what was asked to end may do so in any way`, () => {
    const byUs = { cause, wasAsked: true };
    assert.equal(kindOf(exited, byUs), { ...cause, code: 7, signal: null });
    assert.equal(kindOf(terminated, byUs), { ...cause, code: null, signal: 'SIGTERM' });
    assert.equal(kindOf(killed, byUs), { ...cause, code: null, signal: 'SIGKILL' });
  });

  test(`${name}: what got SIGKILL and ended in another way was there first`, () => {
    const byUs = { cause, wasAsked: false };
    assert.equal(kindOf(killed, byUs), { ...cause, code: null, signal: 'SIGKILL' });
    assert.equal(kindOf(exited, byUs), kindOf(exited));
    assert.equal(kindOf(terminated, byUs), kindOf(terminated));
  });
}

test('signals have names, and names are those of signals', () => {
  const all = Array.from({ length: 64 }, (_, i) => i + 1);
  assert.equal(
    all.map((number) => signalNumber(signalName(number))),
    all,
  );
  assert.equal([33, 34, 64].map(signalName), ['SIGRTMIN-1', 'SIGRTMIN', 'SIGRTMIN+30'] as string[] as NodeJS.Signals[]);
  for (const none of ['SIGRTMIN+31', 'SIGRTMIN-3', 'SIGRTMIN+', 'RTMIN+x', 'SIG37']) {
    assert.throws(
      () => signalNumber(none as 'SIGKILL'),
      (error: unknown) => error instanceof SpecError,
    );
  }
});

/** A script that has come to its `echo ready`. */
async function startScript(sandbox: Sandbox, script: string): Promise<RunningProcess> {
  const running = await sandbox.spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(running.stdout as Readable, 'data');
  return running;
}

test('the caller sends a signal: it is signaled, real-time ones too', async () => {
  for (const signal of ['SIGKILL', 'SIGSYS', 'SIGRTMIN+5'] as NodeJS.Signals[]) {
    await using running = await startScript(bare().newSession(), 'ulimit -c 0; echo ready; exec sleep 100');
    assert.ok(running.kill(signal));
    const exit = await inTime(running.exited, signal);
    assert.equal([exit.kind, exit.kind === 'signaled' && exit.signal], ['signaled', signal]);
  }
});

test('await using ends what runs; what has ended keeps its end', async () => {
  let exited: Promise<Exit>;
  {
    await using running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
    ({ exited } = running);
  }
  const { usage: _usage, wallTime: _wallTime, ...exit } = await exited;
  assert.equal(exit, { kind: 'killed', by: 'dispose', code: null, signal: 'SIGKILL' });
  {
    await using running = await bare().spawn('sh', ['-c', 'exit 5'], { stdio: 'ignore' });
    ({ exited } = running);
    await exited;
  }
  assert.is((await exited).kind, 'exited');
});

test('await using of a process whose end is not known here yet', async () => {
  const running = await bare().spawn('sh', ['-c', 'exit 5'], { stdio: ['ignore', 'pipe', 'ignore'] });
  // The event loop does not turn while this thread waits: the process is a zombie then, and nobody has been told.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  await inTime(running[Symbol.asyncDispose](), 'dispose');
  const exit = await running.exited;
  assert.is(exit.kind === 'exited' && exit.code, 5);
});

test('await using of a process that the event loop does not wait for', async () => {
  const running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
  running.unref();
  await inTime(running[Symbol.asyncDispose](), 'dispose');
  assert.is((await running.exited).kind, 'killed');
});

test('how long it ran is no longer than it was waited for, and longer for what takes longer', async () => {
  const began = performance.now();
  const { exit } = await bare().run('sleep', ['0.3']);
  assert.ok(exit.wallTime > 0 && exit.wallTime <= performance.now() - began, `${exit.wallTime}`);
  const { exit: longer } = await bare().run('sleep', ['3']);
  assert.ok(longer.wallTime > 1000 && longer.wallTime < 60_000, `${longer.wallTime}`);
});

test.run();
