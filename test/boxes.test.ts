// Boxes: what a command in one sees, how it ends, and what is left of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Box, bare, isolate, type Sandbox, SpecError, StepError } from '../src/index.js';
import { namespacesOf } from '../src/ns/index.js';
import {
  either,
  freshProcRefused,
  memoryOverlaysRefused,
  rootOnly,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { withEveryFew } from './helpers/few-descriptors.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, hostState, openDescriptors } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { isGone, printedIn, rejection, until } from './helpers/places.js';
import { programOf, repository } from './helpers/program.js';

const folder = foldersFor(test);
const noUser = userNamespacesRefused();
const noProc = either(noUser, freshProcRefused());

const rootInside = bare().unshare('user', 'mount', 'pid').mapRoot();
/** Nobody but the box itself ends what runs in it. */
const withoutPid = bare().unshare('user', 'mount').mapRoot();

/** All that a command can tell of itself, but for the numbers that are others each time. */
const self = `
  grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign|Cgt))' /proc/self/status
  ls /proc/self/fd | head -n 3; pwd; umask; env | sort | grep -v ^_=; hostname
  cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups /proc/self/oom_score_adj /proc/self/limits
  cat /proc/self/timens_offsets 2>/dev/null
  stat -c %u:%g /proc/$$/environ
  cut -d ' ' -f 4-6 /proc/self/mountinfo; ls -a / /tmp /dev
  read -r pid name state parent group session terminal rest < /proc/$$/stat
  [ "$pid" = "$session" ] && echo leads a session; echo "$terminal"
`;

interface Case {
  readonly sandbox: Sandbox;
  readonly skip?: string | undefined;
}

const ranges = (sandbox: Sandbox) => sandbox.mapUsers('0:100000:65536').mapGroups('0:100000:65536');
const others = bare().unshare('user', 'mount', 'pid');
const cases: Readonly<Record<string, Case>> = {
  'isolate()': { sandbox: isolate() },
  'a user namespace alone': { sandbox: bare().unshare('user') },
  'root inside, with all capabilities': { sandbox: rootInside },
  'no PID namespace': { sandbox: withoutPid.unshare('uts').hostname('box').cwd('/usr').umask(0o077) },
  'clocks of its own': { sandbox: isolate().clock({ boottime: 3600, monotonic: 60 }), skip: timeNamespacesRefused() },
  'two capabilities': { sandbox: rootInside.capabilities(['CHOWN', 'NET_BIND_SERVICE']).noNewPrivs().newSession() },
  'an environment of its own': { sandbox: isolate().clearEnv().env({ PATH: '/usr/bin:/bin', A: 'b' }).cwd('/tmp') },
  'a snapshot': { sandbox: isolate().snapshot('/srv'), skip: either(rootOnly(), memoryOverlaysRefused()) },
  'ranges that the parent maps': { sandbox: ranges(others), skip: rootOnly() },
  'somebody of the ranges': { sandbox: ranges(others).uid(1000).gid(1000).groups(5, 6), skip: rootOnly() },
  'somebody with a capability': { sandbox: ranges(others).uid(7).capabilities(['KILL']), skip: rootOnly() },
  'another user of the host': { sandbox: bare().unshare('mount', 'pid').uid(65534).gid(65534), skip: rootOnly() },
  'no privilege without a user namespace': {
    sandbox: bare().unshare('net', 'uts').capabilities([]),
    skip: rootOnly(),
  },
};

for (const [name, { sandbox, skip }] of Object.entries(cases)) {
  skipUnless(test, either(noProc, skip), `a command sees what it would see without a box: ${name}`, async () => {
    await using box = await sandbox.open();
    const [fresh, inBox] = [await printedIn(sandbox, self), await printedIn(box, self)];
    await box.snapshot?.discard();
    assert.is(inBox, fresh);
    assert.ok(fresh.split('\n').length > 30, fresh);
  });

  skipUnless(test, either(noProc, skip), `its namespaces are those of the box, and no others: ${name}`, async () => {
    await using box = await sandbox.open();
    await using running = await box.spawn('sleep', ['100'], { stdio: 'ignore' });
    await box.snapshot?.discard();
    const [ofBox, ofCommand, own] = [box.pid, running.pid, 'self' as const].map(namespacesOf);
    assert.equal(ofCommand, ofBox);
    const differing = Object.entries(own as object).filter(([kind, id]) => ofBox?.[kind as 'user'] !== id);
    assert.equal(differing.map(([kind]) => kind).sort(), [...sandbox.spec.unshare].sort());
  });
}

skipUnless(test, noProc, 'a command is a child of this program, and no descendant of the init of the box', async () => {
  await using box = await isolate().open();
  await using running = await box.spawn('sleep', ['100'], { stdio: 'ignore' });
  assert.is(await printedIn(box, 'cat /proc/1/comm; wc -w < /proc/1/task/1/children'), 'isolate-init\n0');
  assert.is(await printedIn(bare(), `grep PPid: /proc/${running.pid}/status`), `PPid:\t${process.pid}`);
});

skipUnless(test, noProc, 'commands share what is in the box', async () => {
  await using box = await isolate().open();
  await printedIn(box, 'echo text > /tmp/file');
  assert.is(await printedIn(box, 'cat /tmp/file'), 'text');
  await using running = await box.spawn('sleep', ['100'], { stdio: 'ignore' });
  await printedIn(box, 'kill $(pidof sleep || pgrep sleep)');
  const exit = await running.exited;
  assert.is(exit.kind === 'signaled' && exit.signal, 'SIGTERM');
});

skipUnless(test, noProc, 'pipes, codes, arguments and an input are as without a box', async () => {
  await using box = await isolate().open();
  const { stdout, stderr, exit } = await box.run('sh', ['-c', 'cat; echo "$0" >&2; exit 35', 'an argument'], {
    input: 'text',
  });
  assert.equal([stdout, stderr, exit.kind === 'exited' && exit.code], ['text', 'an argument\n', 35]);
  await using talking = await box.spawn('sh', ['-c', 'read -r line <&3; echo "$line $line" >&3'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  talking.stdio[3]?.end('twice\n');
  const [chunk] = await once(talking.stdio[3] as NodeJS.EventEmitter, 'data');
  assert.is(String(chunk), 'twice twice\n');
});

skipUnless(test, noProc, 'the stdio of the sandbox holds for its commands, and not for the box', async () => {
  await using box = await isolate().stdio(['ignore', 'pipe', 'ignore', 'pipe']).open();
  await using running = await box.spawn('sh', ['-c', 'echo one; echo two >&3']);
  const read = async (fd: number) => String((await once(running.stdio[fd] as NodeJS.EventEmitter, 'data'))[0]);
  assert.equal(await Promise.all([read(1), read(3)]), ['one\n', 'two\n']);
});

skipUnless(test, noProc, 'a command that cannot be run is told by the same errors', async () => {
  const sandbox = isolate().file('/tmp/script', '#!/nonexistent\n', { mode: 0o755 }).file('/tmp/text', 'text\n');
  await using box = await sandbox.open();
  const reasons = async (place: Sandbox | Box) => {
    const errors = await Promise.all(
      ['nonexistent', '/tmp/script', '/tmp/text', '/tmp'].map((file) => rejection(place.spawn(file))),
    );
    return errors.map((error) => [error instanceof StepError && error.reason, error.code]);
  };
  assert.equal(await reasons(box), await reasons(sandbox));
  assert.ok((await rejection(box.spawn(''))) instanceof SpecError);
  await using elsewhere = await sandbox.cwd('/tmp').open();
  await printedIn(elsewhere, 'cd /; mv /tmp /gone 2>/dev/null; true');
  await using gone = await bare().unshare('user', 'mount').mapRoot().tmpfs('/srv').dir('/srv/a').cwd('/srv/a').open();
  await printedIn(gone, 'cd /; rmdir /srv/a');
  const error = await rejection(gone.spawn('true'));
  assert.is(error instanceof StepError && error.reason, 'cwd-not-found');
});

test('what cannot be a box is refused before anything is done', async () => {
  const before = openDescriptors();
  const refused: [Sandbox, string][] = [
    [bare(), 'unshare'],
    [isolate().asPid1(), 'asPid1'],
    [isolate().cwd(''), 'cwd'],
  ];
  for (const [sandbox, field] of refused) {
    const error = await rejection(sandbox.open());
    assert.is(error instanceof SpecError && error.field, field);
  }
  assert.is((await rejection(isolate().open({ signal: AbortSignal.abort() }))).name, 'AbortError');
  assert.equal(openDescriptors(), before);
});

skipUnless(test, noUser, 'a command of a box is not its process 1, which is the init that holds it', async () => {
  const sandbox = rootInside.share('mount');
  await using box = await sandbox.open();
  for (const start of [box.spawn('true', [], { spec: sandbox.asPid1().spec }), sandbox.asPid1().open()]) {
    const error = await rejection(start);
    assert.is(error instanceof SpecError && error.field, 'asPid1');
    assert.match(error.message, 'process 1 of a box is the init that holds it');
  }
  assert.is(await printedIn(box, 'echo $PPID'), '0');
});

/** Boxes, commands and this program as they are once everything is there that is made once. */
async function warm(): Promise<ReturnType<typeof hostState>> {
  await using box = await isolate().open();
  await Promise.all(Array.from({ length: 8 }, () => box.run('true')));
  await box.close();
  return hostState();
}

skipUnless(test, noProc, 'a hundred commands at once', async () => {
  const before = await warm();
  const box = await isolate().open();
  const codes = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const { stdout, exit } = await box.run('sh', ['-c', 'echo $0; exit $0', String(i)]);
      return stdout === `${i}\n` && exit.kind === 'exited' && exit.code === i;
    }),
  );
  assert.ok(codes.every((isRight) => isRight));
  await box.close();
  assertSameHost(before, 'after it');
});

skipUnless(test, noProc, 'a command is killed, aborted and disposed of alone', async () => {
  await using box = await isolate().open();
  const start = (options = {}) => box.spawn('sleep', ['100'], { stdio: 'ignore', ...options });
  const other = await start();
  const killed = await start();
  assert.ok(killed.kill('SIGTERM'));
  assert.is((await inTime(killed.exited, 'kill')).kind, 'signaled');
  const controller = new AbortController();
  const aborted = await start({ signal: controller.signal, killSignal: 'SIGINT' });
  controller.abort();
  const exit = await inTime(aborted.exited, 'abort');
  assert.is(exit.kind === 'killed' && `${exit.by}: ${exit.signal}`, 'abort: SIGINT');
  await inTime((await start())[Symbol.asyncDispose](), 'dispose');
  assert.ok(!isGone(other.pid) && box.isOpen);
});

/** Moments from the call to some time after it. */
const moments: readonly (() => Promise<unknown>)[] = [
  () => Promise.resolve(),
  () => setImmediate(),
  ...[0, 1, 2, 3, 5].map((milliseconds) => () => setTimeout(milliseconds)),
];
const momentOf = (i: number) => (moments[i % moments.length] as () => Promise<unknown>)();

skipUnless(test, noProc, 'an abort at any moment of a spawn leaves nothing', async () => {
  const before = await warm();
  const box = await isolate().open();
  const seen = { rejected: 0, ended: 0 };
  for (let i = 0; i < 105; i++) {
    const controller = new AbortController();
    const { signal } = controller;
    const spawned = box.spawn('sleep', ['100'], { signal, stdio: i % 2 === 0 ? 'pipe' : 'ignore' });
    spawned.catch(() => {});
    await momentOf(i);
    controller.abort();
    const outcome = await inTime(spawned, `abort ${i}`).catch((error) => error as Error);
    if (outcome instanceof Error) {
      assert.is(outcome.name, 'AbortError', outcome.message);
      seen.rejected++;
    } else {
      await inTime(outcome[Symbol.asyncDispose](), `the end of ${i}`);
      seen.ended++;
    }
  }
  assert.ok(seen.rejected > 0 && seen.ended > 0, JSON.stringify(seen));
  await inTime(box.close(), 'close');
  assertSameHost(before, 'after it');
});

skipUnless(test, noProc, 'an abort at any moment of an opening leaves nothing', async () => {
  const before = await warm();
  const seen = { rejected: 0, opened: 0 };
  for (let i = 0; i < 70; i++) {
    const controller = new AbortController();
    const opening = isolate().open({ signal: controller.signal });
    opening.catch(() => {});
    await momentOf(i);
    controller.abort();
    const outcome = await inTime(opening, `abort ${i}`).catch((error) => error as Error);
    if (outcome instanceof Error) {
      assert.is(outcome.name, 'AbortError', outcome.message);
      seen.rejected++;
    } else {
      await inTime(outcome.close(), `the end of ${i}`);
      seen.opened++;
    }
  }
  assert.ok(seen.rejected > 0, JSON.stringify(seen));
  assertSameHost(before, 'after it');
});

/** How a command of a box ended, or did not begin. */
async function outcomeOf(box: Box): Promise<string> {
  try {
    await using running = await box.spawn('sleep', ['100'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const exit = await running.exited;
    return 'signal' in exit ? (exit.signal as string) : exit.kind;
  } catch (error) {
    return (error as { code?: string }).code ?? `${error}`;
  }
}

for (const [name, sandbox] of Object.entries({ 'a PID namespace': isolate(), 'no PID namespace': withoutPid })) {
  skipUnless(test, noProc, `close() ends what runs and what is being started: with ${name}`, async () => {
    const before = await warm();
    for (let i = 0; i < 35; i++) {
      const box = await sandbox.open();
      const outcomes = Promise.all(Array.from({ length: 6 }, () => outcomeOf(box)));
      await momentOf(i);
      await inTime(box.close(), `close ${i}`);
      for (const outcome of await inTime(outcomes, `the commands of ${i}`)) {
        assert.ok(['SIGKILL', 'ERR_ISOLATE_BOX_CLOSED'].includes(outcome), outcome);
      }
      assert.ok(!box.isOpen);
      assert.is((await rejection(box.run('true'))).code, 'ERR_ISOLATE_BOX_CLOSED');
      await box.close();
    }
    assertSameHost(before, 'after it');
  });
}

skipUnless(test, noProc, 'a box that is killed from outside says so, also to what is being started', async () => {
  const before = await warm();
  const seen = new Set<string>();
  for (let i = 0; i < 42; i++) {
    const box = await isolate().open();
    const outcomes = Promise.all(Array.from({ length: 6 }, () => outcomeOf(box)));
    await momentOf(i);
    process.kill(box.pid, i % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    for (const outcome of await inTime(outcomes, `the commands of ${i}`)) {
      assert.ok(['SIGKILL', 'ERR_ISOLATE_BOX_CLOSED'].includes(outcome), outcome);
      seen.add(outcome);
    }
    await inTime(box.closed, `the end of ${i}`);
    assert.ok(!box.isOpen);
    await box.close();
  }
  assert.is(seen.size, 2, [...seen].join());
  assertSameHost(before, 'after it');
});

skipUnless(
  test,
  noProc,
  'what waits for its turn does not end up in another box, which has its descriptor',
  async () => {
    const named = (name: string) => bare().unshare('user', 'mount', 'pid', 'uts').hostname(name);
    for (let i = 0; i < 10; i++) {
      const first = await named('first').open();
      const all = Array.from({ length: 30 }, () => first.run('hostname').catch((error) => error.code));
      await momentOf(i);
      process.kill(first.pid, 'SIGKILL');
      await using _ = await named('second').open();
      for (const result of await inTime(Promise.all(all), `round ${i}`)) {
        assert.is.not(result.stdout, 'second\n');
      }
    }
  },
);

skipUnless(test, noProc, 'nothing inside ends the box, by any signal', async () => {
  await using box = await isolate().open();
  await printedIn(box, 'for n in $(seq 1 64); do kill -$n 1 2>/dev/null; done; true');
  assert.is(await printedIn(box, 'cat /proc/1/comm'), 'isolate-init');
  assert.ok(box.isOpen && !isGone(box.pid));
});

skipUnless(test, noUser, 'without a PID namespace nothing ends it by a signal that can be ignored', async () => {
  await using box = await withoutPid.open();
  const [kill, stop] = [constants.signals.SIGKILL, constants.signals.SIGSTOP];
  const script = `for n in $(seq 1 64); do [ $n = ${kill} ] || [ $n = ${stop} ] || kill -$n ${box.pid}; done`;
  // Nor anybody of the host but this program: nobody can be seen to be outside.
  for (const place of [box, bare()]) await printedIn(place, script);
  await setTimeout(50);
  assert.ok(box.isOpen && !isGone(box.pid));
  process.kill(box.pid, 'SIGTERM');
  await inTime(box.closed, 'the end of the box');
});

skipUnless(test, noProc, 'orphans are reaped by the init of the box', async () => {
  await using box = await isolate().open();
  await printedIn(box, 'for n in 1 2 3 4 5; do (sleep 0.05 &) ; done');
  const script = `for n in $(seq 500); do
    case "$(cat /proc/[0-9]*/comm)" in *sleep*) sleep 0.02;; *) echo reaped; exit;; esac; done`;
  assert.is((await printedIn(box, script)).trim(), 'reaped');
});

skipUnless(test, noProc, 'no descriptor is left to open: each in turn', async () => {
  await using box = await isolate().open();
  await withEveryFew(async () => {
    await using running = await box.spawn('/bin/cat', [], { stdio: ['pipe', 'pipe', 'ignore'] });
    assert.ok(running.pid > 0);
  });
});

skipUnless(
  test,
  either(noProc, rootOnly(), memoryOverlaysRefused()),
  'the changes of a snapshot are told while it is open',
  async () => {
    const directory = folder({ file: 'old' });
    await using box = await isolate().snapshot(directory).open();
    await printedIn(box, `echo new > ${directory}/file`);
    await printedIn(box, `cp ${directory}/file ${directory}/copy`);
    const changes = await box.snapshot?.changes();
    assert.equal(changes?.map(({ kind }) => kind).sort(), ['added', 'modified']);
    await box.close();
    assert.is(String(await box.snapshot?.read(`${directory}/copy`)), 'new\n');
    await box.snapshot?.discard();
  },
);

/** Runs a program up to a line that it prints. */
async function startProgram(code: string) {
  const child = spawn(...programOf(code), { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await inTime(once(createInterface({ input: child.stdout }), 'line'), 'the program');
  return { child, line: line as string };
}

skipUnless(test, noProc, 'a box and its commands end with their program, also by SIGKILL', async () => {
  for (const sandbox of ['isolate()', "bare().unshare('user', 'mount').dieWithParent()"]) {
    const { child, line } = await startProgram(`
      const box = await ${sandbox}.open();
      const running = await box.spawn('sleep', ['100'], { stdio: 'ignore' });
      console.log(box.pid, running.pid);
    `);
    const pids = line.split(' ').map(Number);
    assert.equal(pids.map(isGone), [false, false]);
    child.kill('SIGKILL');
    await until(() => pids.every(isGone), sandbox);
  }
});

skipUnless(test, noProc, 'a box alone does not keep its program going', async () => {
  const { child, line } = await startProgram('const box = await isolate().open(); console.log(box.pid);');
  if (child.exitCode === null) await inTime(once(child, 'exit'), 'the program');
  assert.is(child.exitCode, 0);
  await until(() => isGone(Number(line)), 'the box');
});

skipUnless(test, noProc, 'boxes in workers', async () => {
  const { child, line } = await startProgram(`
    const { Worker } = await import('node:worker_threads');
    const { readdirSync } = await import('node:fs');
    const code = ${JSON.stringify(`
      import('node:worker_threads').then(async ({ parentPort, workerData }) => {
        const { isolate } = await import(workerData);
        const box = await isolate().open();
        const results = await Promise.all([1, 2, 3, 4].map((n) => box.run('sh', ['-c', 'exit ' + n])));
        await box.close();
        parentPort.postMessage(results.map(({ exit }) => exit.code).join());
      });
    `)};
    const index = import.meta.resolve(${JSON.stringify(`${repository}/dist/index.js`)});
    const run = () => new Promise((resolve) => {
      const worker = new Worker(code, { eval: true, workerData: index });
      let said;
      worker.on('message', (message) => { said = message; });
      worker.on('exit', (status) => resolve(said + ' ' + status));
    });
    await run();
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const all = await Promise.all([run(), run(), run()]);
    await run();
    console.log(JSON.stringify([...all, open() - before]));
  `);
  if (child.exitCode === null) await inTime(once(child, 'exit'), 'the program');
  assert.equal(JSON.parse(line), ['1,2,3,4 0', '1,2,3,4 0', '1,2,3,4 0', 0]);
});

test.run();
