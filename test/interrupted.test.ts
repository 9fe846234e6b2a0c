// Signals that come at any moment, many of them, with a handler after which calls fail by EINTR: nothing else fails for that.
import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasEnded } from '../src/builder/process/has-ended.js';
import { bare, isolate } from '../src/index.js';
import { close, O, pidfd_open, pipe2 } from '../src/sys/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { inTime } from './helpers/in-time.js';
import { besides, handleWithoutRestart, interrupt } from './helpers/interrupting.js';

test.before(handleWithoutRestart);

/** Long enough for thousands of signals. */
const milliseconds = 1500;

test('whether a process has ended can be asked at every moment', () => {
  const pidfd = pidfd_open(process.pid, 0);
  const storm = besides('while kill -USR2 "$0"; do :; done');
  try {
    for (const end = Date.now() + milliseconds; Date.now() < end; ) assert.is(hasEnded(pidfd), false);
  } finally {
    storm.kill('SIGKILL');
    close(pidfd);
  }
});

test('what is read from a pipe may take its time', () => {
  const [readEnd, writeEnd] = pipe2(O.CLOEXEC);
  besides('for i in 1 2 3; do sleep 0.05; kill -USR2 "$0"; sleep 0.05; echo $i; done', writeEnd);
  close(writeEnd);
  const { files } = bare().unshare('mount').file('/tmp/text', readEnd).spec;
  close(readEnd);
  assert.equal(
    files?.map((entry) => entry.type === 'file' && entry.contents),
    ['1\n2\n3\n'],
  );
});

skipUnless(
  test,
  either(userNamespacesRefused(), freshProcRefused()),
  'threads of launches are interrupted',
  async () => {
    await using box = await isolate().open();
    let going = true;
    const storm = async () => {
      while (going) {
        for (const thread of readdirSync('/proc/self/task').map(Number)) if (thread !== process.pid) interrupt(thread);
        await setImmediate();
      }
    };
    const stormed = storm();
    try {
      for (const end = Date.now() + milliseconds; Date.now() < end; ) {
        const results = await inTime(Promise.all([1, 2, 3].map(() => box.run('true'))), 'commands');
        for (const { exit } of results) assert.is(exit.kind, 'exited');
      }
    } finally {
      going = false;
      await stormed;
    }
  },
);

test.run();
