// The launcher by itself: a program of steps goes in, and what the steps returned comes out.
import { readFileSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Block } from '../src/sys/block.js';
import { runLauncher } from '../src/sys/ffi.js';
import {
  AF,
  AT,
  CLD,
  CLONE,
  chdir,
  clone3,
  close,
  dup3,
  errno,
  execve,
  getpid,
  getppid,
  getsid,
  type Launched,
  late,
  launch,
  launchSync,
  O,
  openat,
  P,
  POLL,
  PR,
  type Program,
  type ProgramParts,
  pipe2,
  ppoll,
  prctl,
  program,
  read,
  SOCK,
  SpecError,
  type Step,
  setresuid,
  setsid,
  socket,
  socketpair,
  umask,
  W,
  waitid,
  write,
} from '../src/sys/index.js';
import { encodeProgram, placeOf } from '../src/sys/launcher/encode-program.js';
import { headerLayout, notRun, stepLayout } from '../src/sys/launcher/layout.js';
import { rootOnly, skipUnless } from './helpers/can.js';
import { assertSameHost, hostState } from './helpers/host-state.js';

const environment = [`PATH=${process.env.PATH ?? '/usr/bin:/bin'}`];

/** The step that becomes a shell with this script. */
const shell = (script: string, env: readonly string[] = environment) =>
  execve.step('/bin/sh', ['sh', '-c', script], env);

/** Waits for the child of a launch, if there is one, and closes its pidfd; gives its exit status. */
function statusOf({ pidfd, firstPidfd }: Program, launched: Launched): number | undefined {
  const fd = launched.int(pidfd);
  if (firstPidfd !== pidfd) close(launched.int(firstPidfd));
  if (fd < 0) return undefined;
  const { code, status } = waitid(P.PIDFD, fd, W.EXITED);
  close(fd);
  assert.is(code, CLD.EXITED);
  return status;
}

/** Launches a program on this thread and on the pool, and shows what came of it to `look`. */
function launchTest(name: string, parts: () => ProgramParts, look: (steps: Program, launched: Launched) => void): void {
  for (const [where, run] of [
    ['this thread', async (steps: Program) => launchSync(steps)],
    ['the pool', (steps: Program) => launch(steps).done],
  ] as const) {
    test(`${name}, on ${where}`, async () => {
      const before = hostState();
      const steps = program(parts());
      look(steps, await run(steps));
      assertSameHost(before, name);
    });
  }
}

/** All that is in a pipe whose other end is closed. */
function drain(fd: number): string {
  const buffer = Buffer.alloc(1 << 16);
  let text = '';
  for (let size = -1; size !== 0; ) {
    size = readSync(fd, buffer);
    text += buffer.toString('utf8', 0, size);
  }
  close(fd);
  return text;
}

// Node starts the threads of its pool with the first launch on it.
test.before(async () => {
  const steps = program({ exec: [shell('exit 0')] });
  const launches = Array.from({ length: 8 }, async () => statusOf(steps, await launch(steps).done));
  await Promise.all(launches);
});

launchTest(
  'an execve alone',
  () => ({ exec: [shell('exit 7')] }),
  (steps, launched) => {
    assert.is(launched.failure, undefined);
    assert.is(launched.isApart, false);
    assert.ok(launched.int(steps.pid) > 0);
    assert.is(launched.result(steps.clone), launched.int(steps.pid));
    assert.is(launched.result(steps.exec), undefined, 'execve does not return');
    assert.is(statusOf(steps, launched), 7);
  },
);

{
  const own = getpid.step();
  const parent = getppid.step();
  const session = setsid.step();
  const same = getsid.step(0);
  launchTest(
    'what the steps of the child return',
    () => ({ child: [own, parent, session, same], exec: [shell('')] }),
    (steps, launched) => {
      assert.is(launched.result(own), launched.int(steps.pid));
      assert.is(launched.result(parent), process.pid);
      assert.is(launched.result(session), launched.int(steps.pid));
      assert.is(launched.result(same), launched.int(steps.pid));
      assert.is(statusOf(steps, launched), 0);
    },
  );
}

{
  const file = openat.step(AT.FDCWD, '/proc/self/stat', O.RDONLY | O.CLOEXEC, 0);
  const head = read.step(file.result, 64);
  launchTest(
    'what a step of the child reads',
    () => ({ child: [file, head], exec: [shell('')] }),
    (steps, launched) => {
      const text = String(launched.output(head, 1));
      assert.is(text.length, launched.result(head));
      assert.ok(text.startsWith(`${launched.int(steps.pid)} (`), text);
      assert.is(statusOf(steps, launched), 0);
    },
  );
}

{
  const pipe = pipe2.step(O.CLOEXEC);
  const parts = {
    before: [pipe],
    child: [dup3.step(pipe.output(0, 4), 1, 0)],
    exec: [shell('echo hello')],
    after: [close.step(pipe.output(0, 4))],
  };
  launchTest(
    'descriptors of earlier steps',
    () => parts,
    (steps, launched) => {
      const [readEnd, writeEnd] = launched.output(pipe, 0) as [number, number];
      assert.is(launched.int(pipe.output(0)), readEnd);
      assert.is(launched.int(pipe.output(0, 4)), writeEnd);
      assert.is(drain(readEnd), 'hello\n');
      assert.is(statusOf(steps, launched), 0);
    },
  );
}

{
  const missing = openat.step(AT.FDCWD, '/nonexistent', O.RDONLY, 0).tolerating(errno.EACCES, errno.ENOENT);
  const family = socket.step(12_345, SOCK.STREAM, 0).tolerating(errno.EAFNOSUPPORT);
  launchTest(
    'errors that are tolerated',
    () => ({ child: [missing, family], exec: [shell('exit 3')] }),
    (steps, launched) => {
      assert.is(launched.failure, undefined);
      assert.is(launched.result(missing), -errno.ENOENT);
      assert.is(launched.result(family), -errno.EAFNOSUPPORT);
      assert.is(statusOf(steps, launched), 3);
    },
  );
}

{
  const first = getpid.step();
  const missing = openat.step(AT.FDCWD, '/nonexistent', O.RDONLY, 0).tolerating(errno.EACCES);
  const never = getpid.step();
  const last = getpid.step();
  const parts = { child: [first, missing, never], exec: [shell('')], after: [last] };
  launchTest(
    'a step of the child that fails',
    () => parts,
    (steps, launched) => {
      assert.equal(launched.failure, { step: missing, errno: errno.ENOENT });
      assert.ok(launched.result(first));
      assert.is(launched.result(missing), -errno.ENOENT);
      assert.is(launched.result(never), undefined);
      assert.is(launched.int(never.result), -1);
      assert.is(launched.result(last), process.pid, 'what the parent does afterwards is done');
      assert.is(statusOf(steps, launched), 127);
    },
  );
}

{
  const pipe = pipe2.step(O.CLOEXEC);
  const fails = chdir.step('/nonexistent');
  const pair = socketpair.step(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
  const ends = [pipe.output(0), pipe.output(0, 4)];
  const parts = { before: [pipe, fails, pair], exec: [shell('')], after: ends.map((end) => close.step(end)) };
  launchTest(
    'a step before the child that fails',
    () => parts,
    (steps, launched) => {
      assert.is(launched.failure?.step, fails);
      assert.is(launched.failure?.errno, errno.ENOENT);
      assert.is(launched.result(steps.clone), undefined);
      for (const stored of [steps.pid, steps.pidfd, pair.output(3), pair.output(3, 4), pair.result]) {
        assert.is(launched.int(stored), -1);
      }
      assert.equal(
        ends.map((end) => launched.int(end) > 2),
        [true, true],
      );
    },
  );
}

{
  const fails = close.step(-1);
  const next = getpid.step();
  launchTest(
    'a step after the child that fails',
    () => ({ exec: [shell('exit 4')], after: [fails, next] }),
    (steps, launched) => {
      assert.is(launched.failure?.step, fails);
      assert.is(launched.failure?.errno, errno.EBADF);
      assert.is(launched.result(next), process.pid);
      assert.is(statusOf(steps, launched), 4);
    },
  );
}

{
  const right = getppid.step().expecting(process.pid);
  const wrong = getppid.step().expecting(process.pid + 1);
  launchTest(
    'a result that is expected',
    () => ({ child: [right, wrong], exec: [shell('')] }),
    (steps, launched) => {
      assert.is(launched.failure?.step, wrong);
      assert.is(launched.failure?.errno, 0);
      assert.is(launched.result(right), process.pid);
      assert.is(launched.result(wrong), process.pid);
      assert.is(statusOf(steps, launched), 127);
    },
  );
}

{
  const attempts = ['/nonexistent/a', '/nonexistent/b'].map((path) =>
    execve.step(path, ['a'], []).tolerating(errno.ENOENT),
  );
  launchTest(
    'no attempt that works',
    () => ({ exec: attempts }),
    (steps, launched) => {
      assert.is(launched.failure, undefined);
      assert.equal(
        attempts.map((attempt) => launched.result(attempt)),
        [-errno.ENOENT, -errno.ENOENT],
      );
      assert.is(statusOf(steps, launched), 127);
    },
  );
}

{
  const second = clone3.step({ flags: CLONE.PARENT | CLONE.PARENT_SETTID | CLONE.VFORK }).as('clone');
  launchTest(
    'a second child in the place of the first',
    () => ({ child: [second], exec: [shell('exit 6')] }),
    (steps, launched) => {
      assert.is(launched.failure, undefined);
      assert.is(launched.isApart, true);
      assert.is.not(launched.int(steps.pid), launched.result(steps.clone));
      assert.is(launched.int(steps.pid), launched.result(second));
      assert.is(statusOf(steps, launched), 6);
    },
  );

  const own = getpid.step();
  const fails = chdir.step('/nonexistent');
  const never = getpid.step();
  const parts = { child: [second, own, fails, never], exec: [shell('')] };
  launchTest(
    'a second child that fails',
    () => parts,
    (steps, launched) => {
      assert.is(launched.failure?.step, fails);
      assert.is(launched.failure?.errno, errno.ENOENT);
      assert.is(launched.result(own), launched.int(steps.pid));
      assert.is(launched.result(never), undefined);
      assert.is(statusOf(steps, launched), 127);
    },
  );

  const attempt = execve.step('/nonexistent', ['a'], []).tolerating(errno.ENOENT);
  launchTest(
    'a second child without a command',
    () => ({ child: [second], exec: [attempt] }),
    (steps, launched) => {
      assert.is(launched.failure, undefined);
      assert.is(launched.result(attempt), -errno.ENOENT);
      assert.is(statusOf(steps, launched), 127);
    },
  );
}

{
  const pipe = pipe2.step(O.CLOEXEC);
  const script = 'umask; exec cat /proc/self/status';
  const parts = {
    before: [pipe],
    child: [umask.step(0o27), dup3.step(pipe.output(0, 4), 1, 0)],
    exec: [shell(script)],
    after: [close.step(pipe.output(0, 4))],
  };
  launchTest(
    'the command starts with no signal blocked, and none of the handlers',
    () => parts,
    (steps, launched) => {
      const printed = drain(launched.int(pipe.output(0)));
      assert.match(printed, /^0027\n/);
      assert.match(printed, /^SigBlk:\s+0{16}$/m);
      assert.match(printed, /^SigCgt:\s+0{16}$/m);
      assert.is(statusOf(steps, launched), 0);
      assert.is.not(process.umask(), 0o27);
    },
  );
}

{
  const variables = Array.from({ length: 120 }, (_, i) => `V${i}=${String(i % 10).repeat(10_000)}`);
  const script = `test $V119 = ${'9'.repeat(10_000)} && test $V117 = ${'7'.repeat(10_000)} && exit 9`;
  launchTest(
    'an environment that is larger than the usual memory',
    () => ({ exec: [shell(script, variables)] }),
    (steps, launched) => {
      assert.is(statusOf(steps, launched), 9);
    },
  );

  const many = Array.from({ length: 3000 }, () => getpid.step());
  launchTest(
    'more steps than the usual memory holds',
    () => ({ child: many, exec: [shell('exit 2')] }),
    (steps, launched) => {
      const own = launched.int(steps.pid);
      assert.ok(many.every((step) => launched.result(step) === own));
      assert.is(statusOf(steps, launched), 2);
    },
  );
}

test('values that are known at the launch', async () => {
  const before = hostState();
  const [readEnd, writeEnd] = pipe2(O.CLOEXEC);
  const steps = program({ child: [write.step(late('line'), 'from the child')], exec: [shell('')] });
  const launched = await launch(steps, { line: writeEnd }).done;
  assert.is(launched.failure, undefined);
  close(writeEnd);
  assert.is(drain(readEnd), 'from the child');
  statusOf(steps, launched);
  assertSameHost(before, 'a late value');
});

test('a value that is missing, and a step that is not there, are refused', async () => {
  const before = hostState();
  const other = pipe2.step(0);
  const second = clone3.step({ flags: CLONE.PARENT | CLONE.PARENT_SETTID | CLONE.VFORK }).as('clone');
  for (const step of [
    write.step(late('line'), 'x'),
    close.step(other.result),
    close.step(other.output(0)),
    close.step(getpid.step().output(0)),
  ]) {
    for (const child of [[step], [second, step]]) {
      const steps = program({ child, exec: [shell('')] });
      assert.throws(
        () => launchSync(steps),
        (error: unknown) => error instanceof SpecError,
      );
      assert.instance(await launch(steps).done.catch((error) => error), SpecError);
    }
  }
  assertSameHost(before, 'refused');
});

test('what is there so far can be seen while the child waits', async () => {
  const before = hostState();
  const [readEnd, writeEnd] = pipe2(O.CLOEXEC);
  const own = getpid.step();
  const waits = ppoll.step([{ fd: readEnd, events: POLL.IN, revents: 0 }], null);
  const after = getpid.step();
  const steps = program({ child: [own, waits, after], exec: [shell('exit 5')] });
  const launching = launch(steps);
  let ended = false;
  const done = launching.done.finally(() => {
    ended = true;
  });
  while (launching.peek(own.result) < 0) await setTimeout(1);
  const pid = launching.peek(steps.pid);
  assert.is(launching.peek(own.result), pid);
  assert.ok(launching.peek(steps.pidfd) > 2);
  assert.is(launching.peek(after.result), -1);
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^PPid:\\s+${process.pid}$`, 'm'));
  assert.is(ended, false);
  write(writeEnd, 'x');
  const launched = await done;
  assert.is(launched.int(steps.pid), pid);
  assert.is(statusOf(steps, launched), 5);
  close(readEnd);
  close(writeEnd);
  assertSameHost(before, 'a child that waited');
});

test('a launch that is cancelled before it makes its process makes none', async () => {
  const before = hostState();
  const [readEnd, writeEnd] = pipe2(O.CLOEXEC);
  const steps = program({ before: [read.step(readEnd, 1)], exec: [shell('')] });
  const launching = launch(steps);
  assert.is(launching.cancel(new Error('not wanted')), -1);
  write(writeEnd, 'x');
  const { failure, int } = await launching.done;
  assert.equal([failure?.step.key, failure?.errno], [steps.clone.key, errno.ECANCELED]);
  assert.is(int(steps.pidfd), -1);
  close(readEnd);
  close(writeEnd);
  assertSameHost(before, 'cancelled');
});

test('a process that is born while its launch is cancelled ends before its first step', () => {
  const before = hostState();
  const block = new Block(1 << 16);
  const own = getpid.step();
  // The kernel writes down that it is there, after the launcher has looked and before the process can.
  const clone = { flags: CLONE.CHILD_SETTID, child_tid: block.address + headerLayout.cancelled };
  const steps = program({ clone, child: [own], exec: [shell('')] });
  const encoded = encodeProgram(steps, {}, block);
  runLauncher(block.address);
  const resultOf = ({ key }: Step) => block.word((encoded.offsets.get(key) as number) + stepLayout.result);
  assert.ok(resultOf(steps.clone) > 0);
  assert.is(resultOf(own), notRun);
  const waited = waitid(P.PID, resultOf(steps.clone), W.EXITED);
  assert.equal([waited.code, waited.status], [CLD.EXITED, 127]);
  close(block.int32(placeOf(steps.pidfd, encoded)));
  assertSameHost(before, 'cancelled at its birth');
});

test('64 launches at once do not mix', async () => {
  const before = hostState();
  const ids = Array.from({ length: 64 }, (_, i) => i);
  await Promise.all(
    ids.map(async (id) => {
      const own = getpid.step();
      const fails = chdir.step('/nonexistent');
      const steps = program({ child: id % 4 === 3 ? [own, fails] : [own], exec: [shell(`exit ${id}`)] });
      const launched = await launch(steps).done;
      assert.is(launched.result(own), launched.int(steps.pid));
      assert.is(launched.failure?.step, id % 4 === 3 ? fails : undefined);
      assert.is(statusOf(steps, launched), id % 4 === 3 ? 127 : id);
    }),
  );
  assertSameHost(before, 'many launches');
});

const dumpable = () => prctl(PR.GET_DUMPABLE, 0, 0, 0, 0);

skipUnless(test, rootOnly(), 'a change of user in the child would clear the dumpable flag of this program', () => {
  assert.is(dumpable(), 1);
  try {
    const steps = program({ child: [setresuid.step(1000, 1000, 1000)], exec: [shell('')] });
    assert.is(statusOf(steps, launchSync(steps)), 0);
    assert.is.not(dumpable(), 1);
  } finally {
    prctl(PR.SET_DUMPABLE, 1, 0, 0, 0);
  }
});

skipUnless(test, rootOnly(), 'launches that overlap and change the user leave the dumpable flag as it is', async () => {
  const before = hostState();
  const run = async (id: number): Promise<void> => {
    const fails = id % 5 === 4 ? [chdir.step('/nonexistent')] : [];
    const child = [setresuid.step(1000 + id, 1000 + id, 1000 + id), ...fails];
    const steps = program({ child, exec: [shell(`exit ${id}`)], changesCredentials: true });
    const launched = id % 7 === 6 ? launchSync(steps) : await launch(steps).done;
    assert.is(statusOf(steps, launched), id % 5 === 4 ? 127 : id);
  };
  for (const flag of [0, 1]) {
    prctl(PR.SET_DUMPABLE, flag, 0, 0, 0);
    try {
      for (let times = 0; times < 5; times++) {
        await Promise.all(Array.from({ length: 40 }, (_, id) => run(id)));
        assert.is(dumpable(), flag);
      }
    } finally {
      prctl(PR.SET_DUMPABLE, 1, 0, 0, 0);
    }
  }
  assertSameHost(before, 'changes of users');
});

test.run();
