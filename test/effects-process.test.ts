// What a command finds: its environment, working directory, name, descriptors, signals and session.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, type Sandbox } from '../src/index.js';
import { AT, fcntl_setfd, O, openat, pipe2 } from '../src/sys/index.js';
import { commandMissing, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { output, shell, statusFields, statusInside } from './helpers/inside.js';
import { programOf, quoted, repository } from './helpers/program.js';

const noProc = userNamespacesRefused() ?? freshProcRefused();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'isolate-process-')));
test.after(() => rmSync(folder, { recursive: true }));

test('the environment is that of the caller, with what is set', async () => {
  process.env.ISOLATE_TEST = 'from the caller';
  const lines = (await output(bare().env({ ANSWER: '42' }), 'env')).split('\n');
  assert.ok(lines.includes('ISOLATE_TEST=from the caller'));
  assert.ok(lines.includes('ANSWER=42'));
});

test('a variable that is set to undefined is not there', async () => {
  process.env.ISOLATE_TEST = 'from the caller';
  const text = await output(bare().env({ ISOLATE_TEST: undefined, PATH: process.env.PATH }), 'env');
  assert.not.match(text, /^ISOLATE_TEST=/m);
  assert.match(text, /^PATH=/m);
});

test('clearEnv() leaves what is set after it, and nothing else', async () => {
  const box = bare().env({ BEFORE: '1' }).clearEnv().env({ AFTER: '2', EMPTY: '', LINES: 'a\nb=c' });
  assert.is(await output(box, '/usr/bin/env', '-0'), 'AFTER=2\0EMPTY=\0LINES=a\nb=c\0');
  assert.is(await output(bare().clearEnv(), '/usr/bin/env'), '');
});

test('the command is looked for in the PATH that it gets', async () => {
  mkdirSync(join(folder, 'bin'));
  spawnSync('sh', ['-c', 'printf "#!/bin/sh\\necho ours\\n" > "$0" && chmod +x "$0"', join(folder, 'bin', 'ours')]);
  assert.is(await output(bare().env({ PATH: `${join(folder, 'bin')}:/usr/bin:/bin` }), 'ours'), 'ours');
});

test('the working directory', async () => {
  assert.is(await output(bare().cwd(folder), 'pwd', '-P'), folder);
  assert.is(await output(bare(), 'pwd', '-P'), process.cwd());
});

test('the umask decides over what new files are allowed', async () => {
  await output(bare().umask(0o077).cwd(folder), 'touch', 'closed');
  await output(bare().umask(0).cwd(folder), 'touch', 'open');
  assert.is(statSync(join(folder, 'closed')).mode & 0o777, 0o600);
  assert.is(statSync(join(folder, 'open')).mode & 0o777, 0o666);
});

test('argv0() is the name that the command sees, its arguments are as they were given', async () => {
  const seen = await output(bare().argv0('another name'), 'cat', '/proc/self/cmdline');
  assert.is(seen, 'another name\0/proc/self/cmdline\0');
  const args = ['', ' ', '$HOME', 'ü\n', '--', '-x'];
  assert.is(await shell(bare(), 'printf "<%s>" "$@"', ...args), args.map((arg) => `<${arg}>`).join(''));
});

const noSignal = '0000000000000000';
const openDescriptors = 'cd /proc/$$/fd && for fd in *; do [ -e "$fd" ] && echo "$fd"; done; true';

for (const [name, box, reason] of [
  ['bare()', bare(), undefined],
  ['isolate()', isolate(), noProc],
] as const) {
  skipUnless(test, reason, `${name}: no descriptor of the caller above 2 reaches the command`, async () => {
    const kept = openat(AT.FDCWD, '/etc/passwd', O.RDONLY, 0);
    const [readEnd, writeEnd] = pipe2(0);
    const file = openSync('/etc/passwd', 'r');
    fcntl_setfd(file, 0);
    try {
      // Another program that this one starts would have them: they are not marked to be closed.
      assert.is(
        readFileSync(`/proc/self/fdinfo/${kept}`, 'utf8')
          .match(/flags:\s*(\d+)/)?.[1]
          ?.includes('2000000'),
        false,
      );
      assert.is(await shell(box, openDescriptors), '0\n1\n2');
    } finally {
      for (const fd of [kept, readEnd, writeEnd, file]) closeSync(fd);
    }
  });

  skipUnless(test, reason, `${name}: no signal is ignored, blocked or handled`, async () => {
    process.on('SIGUSR2', () => {});
    const own = statusFields(readFileSync('/proc/self/status', 'utf8'));
    assert.is.not(own.SigIgn, noSignal, 'Node ignores some');
    const { SigIgn, SigBlk, SigCgt } = await statusInside(box);
    assert.equal([SigIgn, SigBlk, SigCgt], [noSignal, noSignal, noSignal]);
    process.removeAllListeners('SIGUSR2');
  });
}

test('what the caller was told to ignore is not ignored by the command', () => {
  const [file, args] = programOf(`
    const { stdout } = await bare().run('cat', ['/proc/self/status']);
    console.log(/SigIgn.*/.exec(stdout)[0]);
  `);
  const script = 'trap "" HUP INT USR1; exec "$0" "$@"';
  const { stdout } = spawnSync('sh', ['-c', script, file, ...args], { encoding: 'utf8', cwd: repository });
  assert.is(stdout, `SigIgn:\t${noSignal}\n`);
});

/** Fields of /proc/PID/stat: see proc_pid_stat(5). */
async function sessionOf(box: Sandbox) {
  const [pid, , , , group, session, terminal] = (await output(box, 'cat', '/proc/self/stat')).split(' ').map(Number);
  return { pid, group, session, terminal };
}

test('newSession() makes the command the leader of a session without a terminal', async () => {
  const { pid, group, session, terminal } = await sessionOf(bare().newSession());
  assert.equal({ group, session, terminal }, { group: pid, session: pid, terminal: 0 });
});

test('without it the command is in the session of the caller', async () => {
  const own = readFileSync('/proc/self/stat', 'utf8').split(' ').map(Number)[5];
  const { pid, session } = await sessionOf(bare());
  assert.is(session, own);
  assert.is.not(session, pid);
});

skipUnless(test, noProc, 'isolate() is in a session of its own', async () => {
  assert.equal(await sessionOf(isolate()), { pid: 2, group: 2, session: 2, terminal: 0 });
  assert.equal(await sessionOf(isolate().asPid1()), { pid: 1, group: 1, session: 1, terminal: 0 });
});

skipUnless(test, noProc ?? commandMissing('script'), 'the terminal of the caller is out of reach of isolate()', () => {
  const command = programOf(`
    for (const sandbox of [bare(), bare().newSession(), isolate()]) {
      const { exit } = await sandbox.run('sh', ['-c', ': < /dev/tty']);
      console.log(exit.code === 0 ? 'it opens' : 'it does not open');
    }
  `);
  const args = ['--quiet', '--command', quoted(command), '/dev/null'];
  const { stdout } = spawnSync('script', args, { encoding: 'utf8', cwd: repository });
  assert.equal(stdout.trim().split('\r\n'), ['it opens', 'it does not open', 'it does not open']);
});

/** Whether a process is there and has not ended. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

skipUnless(
  test,
  noProc,
  'dieWithParent() ends the command when the caller is killed, and nothing else does',
  async () => {
    const other = process.getuid?.() === 0 ? '.uid(33).gid(33)' : '';
    const [file, args] = programOf(`
    const boxes = [bare().dieWithParent(), bare().dieWithParent()${other}, isolate(), bare()];
    const started = await Promise.all(boxes.map((box) => box.spawn('sleep', ['300'], { stdio: 'ignore' })));
    console.log(started.map(({ pid }) => pid).join(' '));
  `);
    const parent = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: repository });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    const pids = line.split(' ').map(Number);
    const outliving = pids.pop() as number;
    try {
      assert.ok([...pids, outliving].every(lives), 'the commands run');
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      for (let round = 0; round < 500 && pids.some(lives); round++) await wait(20);
      assert.equal(pids.filter(lives), []);
      assert.ok(lives(outliving), 'without it the command outlives the caller');
    } finally {
      process.kill(outliving, 'SIGKILL');
    }
  },
);

test.run();
