// Signals that isolate gets are meant for the command.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { isolateCommand, startIsolate } from './helpers/command-lines.js';
import { quoted, repository } from './helpers/program.js';

const noProc = userNamespacesRefused() ?? freshProcRefused();

/** Starts a shell script in isolate, sends isolate a signal for each line that the script has written, and waits for both. */
function signalled(sandbox: string[], script: string, ...signals: NodeJS.Signals[]) {
  return signalledCommand([...sandbox, '--', 'sh', '-c', script], ...signals);
}

async function signalledCommand(line: string[], ...signals: NodeJS.Signals[]) {
  const isolate = startIsolate(['run', ...line]);
  // For a command that prints what it reads.
  isolate.stdin.on('error', () => {}).write('ready\n');
  const [printed, errors]: [Buffer[], Buffer[]] = [[], []];
  isolate.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  isolate.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // The streams end when the last process has ended that has them.
  const closed = once(isolate, 'close') as Promise<[status: number | null, signal: NodeJS.Signals | null]>;
  const text = () => Buffer.concat(printed).toString();
  let left = [...signals];
  isolate.stdout.on('data', () => {
    const due = text().split('\n').length - 1 - (signals.length - left.length);
    for (const signal of left.slice(0, due)) isolate.kill(signal);
    left = left.slice(due);
  });
  const [status, signal] = await closed;
  return { status, signal, stdout: text(), stderr: Buffer.concat(errors).toString() };
}

/** A shell looks at its traps between commands only: so it waits for nothing long. It ends by itself, if nobody ends it. */
const waits = 'i=0; while [ $i -lt 1000 ]; do sleep 0.02; i=$((i+1)); done';

const sandboxes: [name: string, options: string[], reason: string | undefined][] = [
  ['nothing isolated', ['--bare'], undefined],
  ['the safe default', [], noProc],
];

for (const [name, options, reason] of sandboxes) {
  for (const signal of name === 'nothing isolated'
    ? (['SIGTERM'] as const)
    : (['SIGTERM', 'SIGINT', 'SIGHUP'] as const)) {
    skipUnless(test, reason, `${name}: ${signal} reaches a command that has a trap for it`, async () => {
      const short = signal.slice(3);
      const script = `trap 'echo got ${short}; exit 7' ${short}; echo ready; ${waits}`;
      assert.equal(await signalled(options, script, signal), {
        ...{ status: 7, signal: null },
        ...{ stdout: `ready\ngot ${short}\n`, stderr: '' },
      });
    });

    skipUnless(test, reason, `${name}: ${signal} ends a command that does nothing about it`, async () => {
      assert.equal(await signalledCommand([...options, '--', 'cat'], signal), {
        ...{ status: 128 + constants.signals[signal], signal: null },
        ...{ stdout: 'ready\n', stderr: '' },
      });
    });
  }

  skipUnless(test, reason, `${name}: a command that ignores a signal goes on`, async () => {
    const script = `trap '' TERM; trap 'exit 9' USR1; echo ready; sleep 0.2; echo still here; ${waits}`;
    const { status, stdout } = await signalled(options, script, 'SIGTERM', 'SIGUSR1');
    assert.equal([status, stdout], [9, 'ready\nstill here\n']);
  });
}

test('a signal that ends nothing is not taken for the one that ended the command', async () => {
  const script = `trap 'kill -KILL $$' CONT; echo ready; ${waits}`;
  assert.is((await signalled(['--bare'], script, 'SIGCONT')).status, 128 + constants.signals.SIGKILL);
});

skipUnless(test, noProc, 'the safe default: SIGKILL of isolate ends the command too', async () => {
  // The pipe is open until the last process that has it has ended.
  const { status, signal } = await signalledCommand(['--', 'cat'], 'SIGKILL');
  assert.equal([status, signal], [null, 'SIGKILL']);
});

skipUnless(
  test,
  either(rootOnly(), commandMissing('setpriv')),
  'a command that may not be signalled goes on',
  async () => {
    const [file, args] = isolateCommand('run', '--bare', '--uid', '33', '--', 'cat');
    const isolate = spawn('setpriv', ['--bounding-set', '-kill', file, ...args], { cwd: repository });
    let errors = '';
    isolate.stdout.once('data', () => isolate.kill('SIGTERM'));
    isolate.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
      isolate.stdin.end();
    });
    isolate.stdin.write('ready\n');
    const [status] = await once(isolate, 'close');
    assert.match(errors, /^isolate: SIGTERM is not passed on: .* EPERM .*\n$/);
    assert.is(status, 0);
  },
);

const noTerminal = commandMissing('script');

/** Runs a line of shell in a terminal of its own, types Ctrl-C when it has printed "ready", and gives what it prints then. */
async function interrupted(line: string): Promise<string> {
  // The shell waits until its commands have ended, whatever the terminal sends to it.
  const args = ['--quiet', '--command', `trap : INT; ${line}; echo "status $?"`, '/dev/null'];
  const terminal = spawn('script', args, { cwd: repository, env: { ...process.env, SHELL: '/bin/sh' } });
  let shown = '';
  let isReady = false;
  terminal.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (!isReady && shown.includes('ready')) terminal.stdin.write('\x03');
    isReady ||= shown.includes('ready');
  });
  await once(terminal, 'close');
  return shown.replaceAll('\r', '').replace(/^ready\n(\^C)?/, '');
}

const run = (...line: string[]) => quoted(isolateCommand('run', ...line));
/**
 * A command that tells every SIGINT it gets. Two that come together would be one: so isolate, where it can be seen from
 * there, stands still until the first has been told.
 */
const tells = `
  const isolate = (signal) => process.ppid > 0 && process.kill(process.ppid, signal);
  process.on('SIGINT', () => { console.log('got'); isolate('SIGCONT'); });
  isolate('SIGSTOP');
  console.log('ready');
  setTimeout(() => {}, 700)`;
const counter = ['--', process.execPath, '-e', tells];

const places: [name: string, before: string][] = [
  ['a terminal', ''],
  ['a pipeline of a terminal', 'sleep 2 | '],
];
for (const [place, before] of places) {
  skipUnless(test, noTerminal, `nothing isolated, in ${place}: Ctrl-C reaches the command once`, async () => {
    assert.is(await interrupted(before + run('--bare', ...counter)), 'got\nstatus 0\n');
  });

  skipUnless(test, either(noTerminal, noProc), `the safe default, in ${place}: Ctrl-C reaches it once`, async () => {
    assert.is(await interrupted(before + run(...counter)), 'got\nstatus 0\n');
  });

  const pid = ['--bare', '--unshare', 'user,pid,mount', '--map-root'];
  skipUnless(test, either(noTerminal, noProc), `process 1 without a session, in ${place}: once, too`, async () => {
    assert.is(await interrupted(before + run(...pid, ...counter)), 'got\nstatus 0\n');
  });

  // A shell has a handler: so it is no shell any more when "ready" comes.
  const deaf = ['--', 'sh', '-c', '(sleep 0.3; echo ready) & exec sleep 20'];
  skipUnless(test, either(noTerminal, noProc), `process 1, in ${place}: Ctrl-C ends it without a handler`, async () => {
    assert.is(await interrupted(before + run(...pid, ...deaf)), `status ${128 + constants.signals.SIGINT}\n`);
  });
}

skipUnless(test, noTerminal, 'nothing isolated, in the background of a terminal: a SIGINT is passed on', async () => {
  const script = `trap 'echo got; exit 7' INT; kill -INT $PPID; ${waits}`;
  // A background job has a process group of its own.
  assert.is(await interrupted(`set -m; ${run('--bare', '--', 'sh', '-c', script)} & wait $!`), 'got\nstatus 7\n');
});

test('nothing isolated, without a terminal: a SIGINT is passed on', async () => {
  const [file, args] = isolateCommand(
    'run',
    '--bare',
    '--',
    'sh',
    '-c',
    `trap 'exit 7' INT; kill -INT $PPID; ${waits}`,
  );
  // In a session of its own, which has no terminal.
  const [status] = await once(spawn(file, args, { cwd: repository, detached: true, stdio: 'ignore' }), 'close');
  assert.is(status, 7);
});

test.run();
