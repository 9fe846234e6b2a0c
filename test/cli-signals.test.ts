// Signals that isolate gets are meant for the command.
import { once } from 'node:events';
import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { startIsolate } from './helpers/command-lines.js';

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
  const script = `trap 'kill -KILL $$' WINCH; echo ready; ${waits}`;
  assert.is((await signalled(['--bare'], script, 'SIGWINCH')).status, 128 + constants.signals.SIGKILL);
});

skipUnless(test, noProc, 'the safe default: SIGKILL of isolate ends the command too', async () => {
  // The pipe is open until the last process that has it has ended.
  const { status, signal } = await signalledCommand(['--', 'cat'], 'SIGKILL');
  assert.equal([status, signal], [null, 'SIGKILL']);
});

test.run();
