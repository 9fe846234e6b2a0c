// The life of a running process: signals, how it ended, what it used, its streams.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, type Exit, isolate, type RunningProcess, type Sandbox, SpecError } from '../src/index.js';
import { SIG } from '../src/sys/index.js';
import { commandMissing, skipUnless } from './helpers/can.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { programOf, repository } from './helpers/program.js';

/** A shell script that has come to its `echo ready`. */
async function startScript(sandbox: Sandbox, script: string): Promise<RunningProcess> {
  const running = await sandbox.spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = await once(running.stdout as Readable, 'data');
  assert.is(String(first), 'ready\n');
  return running;
}

const forEver = 'echo ready; while :; do sleep 0.02; done';

/** How it ended, without what it used and how long it took. */
function ending({ usage, wallTime, ...rest }: Exit): object {
  assert.ok(usage.systemCPUTime >= 0 && wallTime > 0);
  return rest;
}

const signaled = (signal: string) => ({ kind: 'signaled', signal, coreDumped: false });

test('spawn resolves when the process is the command', async () => {
  await using running = await bare().spawn('/bin/sleep', ['100'], { stdio: 'ignore' });
  // execve lets the parent go when it has given up the old memory: the new one has its arguments a moment later.
  const commandLine = () => readFileSync(`/proc/${running.pid}/cmdline`, 'utf8');
  for (let times = 0; commandLine() === '' && times < 1000; times++) await setTimeout(1);
  assert.is(commandLine(), '/bin/sleep\x00100\0');
  assert.is.not(readlinkSync(`/proc/${running.pid}/exe`), process.execPath);
  assert.equal([running.stdin, running.stdout, running.stderr], [null, null, null]);
});

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGPIPE', 'SIGALRM'] as const) {
  test(`${signal} by its name and by its number`, async () => {
    const number = SIG[signal.slice(3) as keyof typeof SIG] as number;
    for (const given of [signal, number]) {
      await using running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
      assert.is(running.kill(given), true);
      assert.equal(ending(await running.exited), signaled(signal));
    }
  });
}

test('kill sends SIGTERM where it is told nothing', async () => {
  await using running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
  assert.ok(running.kill());
  assert.equal(ending(await running.exited), signaled('SIGTERM'));
});

test('a real-time signal', async () => {
  await using running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
  assert.ok(running.kill(40));
  const exit = await running.exited;
  assert.is(exit.kind === 'signaled' && exit.signal, 'SIGRTMIN+6');
});

test('signal 0 asks whether the process is there', async () => {
  await using running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
  assert.is(running.kill(0), true);
  running.kill('SIGKILL');
  await running.exited;
  assert.is(running.kill(0), false);
});

test('a signal that does not exist is refused, and the process goes on', async () => {
  await using running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
  for (const unknown of ['SIGNOPE', 'TERMINATE', '', 'toString', 65, -1, 1.5, Number.NaN, 2 ** 32]) {
    assert.throws(
      () => running.kill(unknown as NodeJS.Signals),
      (error: unknown) =>
        error instanceof SpecError &&
        error.field === 'signal' &&
        error.message.includes(typeof unknown === 'string' ? JSON.stringify(unknown) : String(unknown)),
    );
  }
  assert.is(running.kill(0), true);
});

test('kill after the end tells that nobody is there', async () => {
  const running = await bare().spawn('true', [], { stdio: 'ignore' });
  assert.equal(ending(await running.exited), { kind: 'exited', code: 0 });
  for (const signal of ['SIGTERM', 'SIGKILL', 0] as const) assert.is(running.kill(signal), false);
});

test('kill cannot hit a process that has got the same pid', async () => {
  // In a PID namespace of its own: there the next pid can be chosen, also without privileges, and it is nobody else's.
  const code = `
    import { writeFileSync } from 'node:fs';
    const first = await bare().spawn('true', [], { stdio: 'ignore' });
    await first.exited;
    let second;
    for (let tries = 0; second?.pid !== first.pid; tries++) {
      if (tries === 200) throw new Error('the pid did not come again');
      second?.kill('SIGKILL');
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1));
      second = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
    }
    const sent = ['SIGKILL', 'SIGTERM', 0].map((signal) => first.kill(signal));
    const isThere = second.kill(0);
    second.kill('SIGUSR1');
    const { signal } = await second.exited;
    console.log(JSON.stringify({ sent, isThere, signal }));
  `;
  const { stdout, stderr, exit } = await bare()
    .unshare('user', 'pid', 'mount')
    .mapRoot()
    .cwd(repository)
    .run(...programOf(code));
  assert.equal(ending(exit), { kind: 'exited', code: 0 }, stderr);
  assert.equal(JSON.parse(stdout), { sent: [false, false, false], isThere: true, signal: 'SIGUSR1' });
});

test('SIGTERM ends a command that has no handler for it: by itself below an init, by SIGKILL as one', async () => {
  // A shell blocks all signals for a moment whenever it starts a command: with so many, some are sent in such a moment.
  const exits = Array.from({ length: 32 }, async (_, i) => {
    await using running = await startScript(i % 2 === 0 ? isolate() : isolate().asPid1(), forEver);
    await setTimeout(i % 8);
    assert.is(running.kill('SIGTERM'), true);
    return ending(await running.exited);
  });
  for (const [i, exit] of (await Promise.all(exits)).entries()) {
    assert.equal(exit, signaled(i % 2 === 0 ? 'SIGTERM' : 'SIGKILL'));
  }
});

skipUnless(test, commandMissing('python3'), 'an init that waits for SIGTERM gets it', async () => {
  const script = [
    'import os, signal, time',
    'signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])',
    'os.write(1, b"ready\\n")',
    'time.sleep(0.1)',
    'os._exit(signal.sigwait([signal.SIGTERM]))',
  ].join('; ');
  await using running = await startScript(isolate().asPid1(), `exec python3 -c '${script}'`);
  assert.is(running.kill('SIGTERM'), true);
  assert.equal(ending(await running.exited), { kind: 'exited', code: SIG.TERM });
});

test('SIGTERM runs the handler of an init that has one', async () => {
  await using running = await startScript(isolate().asPid1(), `trap 'exit 3' TERM; ${forEver}`);
  assert.is(running.kill('SIGTERM'), true);
  assert.equal(ending(await running.exited), { kind: 'exited', code: 3 });
});

test('an init that ignores SIGTERM goes on', async () => {
  await using running = await startScript(isolate().asPid1(), `trap '' TERM; trap 'exit 4' USR1; ${forEver}`);
  assert.is(running.kill('SIGTERM'), true);
  await setTimeout(50);
  assert.is(running.kill('SIGUSR1'), true);
  assert.equal(ending(await running.exited), { kind: 'exited', code: 4 });
});

test('a signal that ends nobody does not end an init', async () => {
  await using running = await startScript(isolate().asPid1(), `trap 'exit 5' USR1; ${forEver}`);
  for (const signal of ['SIGCHLD', 'SIGWINCH', 'SIGURG', 'SIGCONT', 0] as const) assert.is(running.kill(signal), true);
  await setTimeout(50);
  assert.is(running.kill('SIGUSR1'), true);
  assert.equal(ending(await running.exited), { kind: 'exited', code: 5 });
});

test('the exit status is that of the command', async () => {
  for (const code of [0, 1, 42, 127, 255]) {
    for (const sandbox of [bare(), isolate()]) {
      const { exit } = await sandbox.run('sh', ['-c', `exit ${code}`]);
      assert.equal(ending(exit), { kind: 'exited', code });
    }
  }
});

test('a command that ends itself by a signal', async () => {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGUSR2'] as const) {
    const { exit } = await bare().run('sh', ['-c', `kill -${signal.slice(3)} $$`]);
    assert.equal(ending(exit), signaled(signal));
  }
});

const corePattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
skipUnless(
  test,
  /^[a-z]+$/.test(corePattern) ? undefined : `cores do not go to the working directory here: ${corePattern}`,
  'a core dump is told of',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isolate-'));
    try {
      const { exit } = await bare().cwd(folder).run('sh', ['-c', 'ulimit -c unlimited; kill -ABRT $$']);
      assert.equal(ending(exit), { kind: 'signaled', signal: 'SIGABRT', coreDumped: true });
      assert.ok(existsSync(join(folder, corePattern)) || existsSync(join(folder, `${corePattern}.1`)));
      const without = await bare().cwd(folder).run('sh', ['-c', 'ulimit -c 0; kill -ABRT $$']);
      assert.equal(ending(without.exit), signaled('SIGABRT'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('what it used is in sensible numbers', async () => {
  const started = process.hrtime.bigint();
  const { exit } = await bare().run('sh', ['-c', 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done']);
  const elapsed = Number(process.hrtime.bigint() - started) / 1000;
  for (const [name, value] of Object.entries(exit.usage)) {
    assert.ok(Number.isSafeInteger(value) && value >= 0, `${name}: ${value}`);
  }
  const { userCPUTime, systemCPUTime, maxRSS, minorPageFault } = exit.usage;
  // It counts in one thread: it cannot use more time than passes.
  assert.ok(userCPUTime > 10_000, String(userCPUTime));
  assert.ok(userCPUTime + systemCPUTime < elapsed + 20_000, `${userCPUTime} + ${systemCPUTime} of ${elapsed}`);
  assert.ok(maxRSS > 100);
  assert.ok(minorPageFault > 10);
});

test('what it used has its largest size, and what the children used that it waited for', async () => {
  const mib = Math.ceil(process.memoryUsage().rss / 2 ** 20) + 200;
  const { exit } = await bare().run('sh', ['-c', `head -c ${mib}M /dev/zero | tail -c ${mib}M | wc -c`]);
  assert.equal(ending(exit), { kind: 'exited', code: 0 });
  assert.ok(exit.usage.maxRSS > mib * 1024, `${exit.usage.maxRSS} KiB, ${mib} MiB were held`);
});

test('await using kills it and closes its streams', async () => {
  const before = hostState();
  let exited: Promise<Exit>;
  let streams: RunningProcess['stdio'];
  {
    await using running = await isolate().spawn('sh', ['-c', 'yes'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    ({ exited, stdio: streams } = running);
  }
  assert.equal(ending(await exited), { kind: 'killed', by: 'dispose', code: null, signal: 'SIGKILL' });
  assert.equal(
    streams.map((stream) => [stream?.destroyed, stream?.closed]),
    [0, 1, 2, 3].map(() => [true, true]),
  );
  assertSameHost(before, 'after the block');
});

test('await using of a process that has ended', async () => {
  const before = hostState();
  {
    await using running = await bare().spawn('sh', ['-c', 'echo unread; exit 6'], { stdio: 'pipe' });
    assert.equal(ending(await running.exited), { kind: 'exited', code: 6 });
  }
  assertSameHost(before, 'after the block');
});

test('stdout can be read after the end', async () => {
  const running = await bare().spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: 'pipe' });
  running.stdin?.end();
  await running.exited;
  await setTimeout(20);
  assert.is(await text(running.stdout as Readable), 'out\n');
  assert.is(await text(running.stderr as Readable), 'err\n');
});

test('streams that nobody reads close with the process', async () => {
  const before = hostState();
  const running = await bare().spawn('true', [], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ends = Promise.all([running.stdout, running.stderr].map((stream) => once(stream as Readable, 'close')));
  await running.exited;
  await ends;
  assertSameHost(before, 'nothing was read');
});

test('what is written to stdin comes back from stdout', async () => {
  await using running = await isolate().spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const sent = 'é'.repeat(2 ** 20);
  running.stdin?.end(sent);
  const got = await text(running.stdout as Readable);
  assert.ok(got === sent, `${got.length} characters came back`);
  assert.equal(ending(await running.exited), { kind: 'exited', code: 0 });
});

test('a descriptor above 2 carries both directions', async () => {
  const script = 'read line <&3; echo "got $line" >&3';
  await using running = await bare().spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const [, , , line] = running.stdio;
  assert.ok(line);
  line.write('hello\n');
  assert.is(await text(line), 'got hello\n');
});

test('a command that closes its stdout early', async () => {
  const running = await bare().spawn('sh', ['-c', 'exec >&-; read line; exit 7'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  assert.is(await text(running.stdout as Readable), '');
  assert.is(running.kill(0), true, 'it still runs');
  running.stdin?.end('go on\n');
  assert.equal(ending(await running.exited), { kind: 'exited', code: 7 });
});

test('a command whose output nobody takes any more gets SIGPIPE', async () => {
  const running = await bare().spawn('yes', [], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.stdout?.destroy();
  assert.equal(ending(await running.exited), signaled('SIGPIPE'));
});

test('run collects all that is printed, and gives no input', async () => {
  // Three bytes a line, so that some character is cut by the end of a chunk.
  const script = 'cat; yes é | head -n 1000000; echo to stderr >&2; exit 8';
  const { stdout, stderr, exit } = await isolate().run('sh', ['-c', script]);
  assert.ok(stdout === 'é\n'.repeat(1_000_000), `${stdout.length} characters came`);
  assert.is(stderr, 'to stderr\n');
  assert.equal(ending(exit), { kind: 'exited', code: 8 });
});

test('run takes a descriptor, and collects the others', async () => {
  const { stdout, stderr } = await bare().run('sh', ['-c', 'echo out; echo err >&2'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  assert.equal([stdout, stderr], ['', 'err\n']);
});

test('after an abort run does not wait for what the command left behind', async () => {
  const before = hostState();
  const [first, second] = [new AbortController(), new AbortController()];
  const script = 'sleep 5 & echo started >&2; wait';
  const errorOf = (script: string, signal: AbortSignal) =>
    bare()
      .run('sh', ['-c', script], { signal })
      .catch((error) => error);
  const running = errorOf(script, first.signal);
  const other = errorOf('sleep 5 & exit', second.signal);
  await setTimeout(200);
  first.abort();
  second.abort();
  for (const aborted of [running, other]) {
    const error = await Promise.race([aborted, setTimeout(4000)]);
    assert.is(error?.name, 'AbortError');
  }
  assertSameHost(before, 'after the aborts');
});

test('what was written to a command that has ended is given up, and its pipe closed', async () => {
  const before = hostState();
  const running = await bare().spawn('true', [], { stdio: ['pipe', 'ignore', 'ignore'] });
  running.stdin?.on('error', () => {});
  running.stdin?.write('x'.repeat(1 << 20));
  await running.exited;
  if (running.stdin?.closed === false) await once(running.stdin, 'close');
  assertSameHost(before, 'a pipe that nobody reads');
});

test('200 at a time do not mix', async () => {
  const before = hostState();
  const ids = Array.from({ length: 200 }, (_, i) => i);
  const results = await Promise.all(
    ids.map((id) => {
      const sandbox = id % 2 === 0 ? isolate() : bare();
      return sandbox.env({ ID: String(id) }).run('sh', ['-c', 'echo $ID; echo $ID >&2; exit $ID']);
    }),
  );
  results.forEach(({ stdout, stderr, exit }, id) => {
    assert.equal([stdout, stderr], [`${id}\n`, `${id}\n`]);
    assert.equal(ending(exit), { kind: 'exited', code: id });
  });
  // Node starts its threads, and opens what it keeps, with the first of them.
  assert.equal(hostState().children, before.children);
});

test.run();
