// Signals and ends pass init as if it were not there: the command gets what is sent, and what is told is how the command ended.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Box, bare, type RunningProcess } from '../src/index.js';
import { SIG } from '../src/sys/index.js';
import { commandMissing, either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { howItEnded } from './helpers/how-it-ended.js';
import { inTime } from './helpers/in-time.js';
import { statusFields } from './helpers/inside.js';
import { childrenOf, stateOf } from './helpers/proc-files.js';
import { until } from './helpers/processes.js';
import { programOf, quoted, repository } from './helpers/program.js';
import { eachStarter, type Starter, sandboxes } from './helpers/starters.js';

const noNamespaces = either(userNamespacesRefused(), freshProcRefused());
const noPython = either(noNamespaces, commandMissing('python3'));

const all = Array.from({ length: 64 }, (_, i) => i + 1);
/** The C library keeps them for itself: a program cannot wait for them. */
const ofTheLibrary = [32, 33];
const harmless = [SIG.CHLD, SIG.CONT, SIG.STOP, SIG.TSTP, SIG.TTIN, SIG.TTOU, SIG.URG, SIG.WINCH] as number[];
const deadly = all.filter((signal) => !harmless.includes(signal));

/** Some at a time: all at once would only wait for one another. */
async function forEach<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** The process of the command itself, as seen from here. */
function commandOf(running: RunningProcess, name: string): number {
  return name === 'init' ? (childrenOf(running.pid)[0] as number) : running.pid;
}

/** The signals that a process has yet to take. */
function waitingFor(pid: number): bigint {
  const { SigPnd, ShdPnd } = statusFields(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return BigInt(`0x${SigPnd}`) | BigInt(`0x${ShdPnd}`);
}

skipUnless(test, noNamespaces, 'a command starts with all signals default, and none blocked', async () => {
  await eachStarter(async (starter, name) => {
    const { stdout } = await starter.run('cat', ['/proc/self/status']);
    const { SigBlk, SigIgn, SigCgt } = statusFields(stdout);
    for (const mask of [SigBlk, SigIgn, SigCgt]) assert.is(mask, '0000000000000000', name);
  });
});

skipUnless(test, noNamespaces, 'also where Node itself was started with some ignored', async () => {
  const code = `
    const spec = bare().unshare('user', 'mount', 'pid');
    const box = await spec.open();
    const masks = (text) => /^SigIgn:\\s*(\\w+)/m.exec(text)[1];
    const { readFileSync } = await import('node:fs');
    console.log(masks(readFileSync('/proc/self/status', 'utf8')));
    for (const starter of [bare(), spec, spec.asPid1(), box]) {
      console.log(masks((await starter.run('cat', ['/proc/self/status'])).stdout));
    }
    await box.close();
  `;
  const script = `trap '' 40 64 CHLD PIPE TERM; exec ${quoted(programOf(code))}`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', cwd: repository });
  const [own, ...others] = stdout
    .trim()
    .split('\n')
    .map((mask) => BigInt(`0x${mask}`));
  const bits = (...signals: number[]) => signals.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);
  assert.is((own as bigint) & bits(13, 25, 40, 64), bits(13, 25, 40, 64), `Node ignores them: ${stderr}`);
  assert.equal(others, [0n, 0n, 0n, 0n]);
});

/** Waits for every signal, and prints its number. */
const printer = `
import os, signal
signals = signal.valid_signals()
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
os.write(1, b"ready\\n")
while True: os.write(1, b"%d\\n" % signal.sigwait(signals))
`;

/** A kernel that does not show that process 1 waits for a signal: then it counts as one that would drop it, and is ended. */
const whereUnseen = existsSync('/proc/self/syscall') ? [] : ['asPid1'];
if (whereUnseen.length > 0) console.log('left out: a wait of process 1: this kernel has no /proc/self/syscall');

async function startPrinter(starter: Starter): Promise<{ running: RunningProcess; next: () => Promise<string> }> {
  const running = await starter.spawn('python3', ['-c', printer], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: running.stdout as Readable })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await lines.next();
    return value ?? howItEnded(await running.exited);
  };
  assert.is(await inTime(next(), 'the command'), 'ready');
  return { running, next };
}

skipUnless(test, noPython, 'every signal that can be caught reaches the command as that signal', async () => {
  await eachStarter(async (starter, name) => {
    const { running, next } = await startPrinter(starter);
    await using _ = running;
    for (const signal of all.filter((one) => ![SIG.KILL, SIG.STOP, ...ofTheLibrary].includes(one))) {
      assert.is(running.kill(signal), true);
      assert.is(await inTime(next(), `${name}: ${signal}`), String(signal), `${name}: ${signal}`);
    }
  }, whereUnseen);
});

skipUnless(test, noPython, 'many real-time signals all arrive', async () => {
  await eachStarter(async (starter, name) => {
    const { running, next } = await startPrinter(starter);
    await using _ = running;
    for (let i = 0; i < 100; i++) running.kill(50);
    for (let i = 0; i < 100; i++) assert.is(await inTime(next(), `${name}: ${i}`), '50', `${name}: ${i}`);
  }, whereUnseen);
});

skipUnless(test, noNamespaces, 'a signal without a handler ends the command, and is told', async () => {
  const sleepers = async (starter: Starter, name: string) =>
    forEach(deadly, async (signal) => {
      const running = await starter.spawn('sleep', ['100'], { stdio: 'ignore' });
      running.kill(signal);
      const expected = name === 'asPid1' ? SIG.KILL : signal;
      assert.is(howItEnded(await inTime(running.exited, `${name}: ${signal}`)), `signal ${expected}`, name);
    });
  await eachStarter(sleepers);
});

skipUnless(test, noNamespaces, 'SIGSTOP and SIGCONT stop and continue the command', async () => {
  await eachStarter(async (starter, name) => {
    await using running = await starter.spawn('sleep', ['100'], { stdio: 'ignore' });
    const command = commandOf(running, name);
    for (let times = 0; times < 3; times++) {
      assert.is(running.kill('SIGSTOP'), true);
      await until(() => stateOf(command) === 'T', `${name}: it stops`);
      if (name === 'init') assert.is(stateOf(running.pid), 'S', 'init does not');
      assert.is(running.kill('SIGCONT'), true);
      await until(() => stateOf(command) === 'S', `${name}: it goes on`);
    }
    running.kill('SIGSTOP');
    await until(() => stateOf(command) === 'T', `${name}: it stops`);
    running.kill('SIGKILL');
    assert.is(howItEnded(await inTime(running.exited, name)), 'signal 9');
  });
});

skipUnless(
  test,
  noNamespaces,
  'a stop and a continuation stay in their order, however late init gets to them',
  async () => {
    await using running = await sandboxes.init.spawn('sleep', ['100'], { stdio: 'ignore' });
    process.kill(running.pid, 'SIGSTOP');
    await until(() => stateOf(running.pid) === 'T', 'init is stopped, by somebody else');
    running.kill('SIGSTOP');
    running.kill('SIGCONT');
    // A SIGCONT of its own would have init go on, and overtake; the one that is sent here is passed on too, so it is for one that has not.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (stateOf(running.pid) === 'T') process.kill(running.pid, 'SIGCONT');
    await until(() => waitingFor(running.pid) === 0n, 'init has taken them all');
    running.kill('SIGUSR1');
    assert.is(howItEnded(await inTime(running.exited, 'the command was continued')), `signal ${SIG.USR1}`);
  },
);

skipUnless(test, noPython, 'what is sent to process 1 from inside is passed on', async () => {
  const { running, next } = await startPrinter(sandboxes.init);
  await using _ = running;
  const script = `import os; os.kill(1, 17); os.kill(1, 10); os.kill(1, 15); os.kill(1, 64)`;
  const nested = `${printer.replace('while True', `\nif os.fork() == 0:\n  ${script}\n  os._exit(0)\nwhile True`)}`;
  await using other = await sandboxes.init.spawn('python3', ['-c', nested], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: other.stdout as Readable })[Symbol.asyncIterator]();
  const got = new Set<string>();
  while (!['17', '10', '15', '64'].every((signal) => got.has(signal))) {
    got.add((await inTime(lines.next(), [...got].join())).value as string);
  }
  running.kill(12);
  assert.is(await next(), '12', 'and nobody else gets it');
});

skipUnless(test, noNamespaces, 'every exit code is told', async () => {
  await eachStarter(async (starter, name) => {
    const codes =
      name === 'none' || name === 'asPid1' ? [0, 1, 127, 128, 255] : Array.from({ length: 256 }, (_, i) => i);
    await forEach(codes, async (code) => {
      const { exit } = await starter.run('sh', ['-c', `exit ${code}`]);
      assert.is(howItEnded(exit), `exit ${code}`, name);
    });
  });
});

skipUnless(test, noNamespaces, 'every signal by which the command ends itself is told', async () => {
  await eachStarter(
    async (starter, name) =>
      forEach(deadly, async (signal) => {
        const { exit } = await starter.run('sh', ['-c', 'ulimit -c 0; kill -$0 $$', String(signal)]);
        assert.is(howItEnded(exit), `signal ${signal}`, name);
        if (signal === SIG.SYS) assert.is(exit.kind === 'signaled' && exit.signal, 'SIGSYS');
      }),
    ['asPid1'],
  );
});

const corePattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
skipUnless(
  test,
  either(noNamespaces, /^[a-z]+$/.test(corePattern) ? undefined : `cores go to ${corePattern} here`),
  'whether a core was dumped is told',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isolate-'));
    try {
      await using box: Box = await sandboxes.init.cwd(folder).open();
      for (const starter of [bare().cwd(folder), sandboxes.init.cwd(folder), box]) {
        for (const [limit, isDumped] of [
          ['unlimited', true],
          ['0', false],
        ] as const) {
          const { exit } = await starter.run('sh', ['-c', `ulimit -c ${limit}; kill -SEGV $$`]);
          assert.is(exit.kind === 'signaled' && exit.signal, 'SIGSEGV');
          assert.is(exit.kind === 'signaled' && exit.coreDumped, isDumped);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.run();
