// Pools: boxes that are ready, each for one command.
import { getEventListeners } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, type Pool, SpecError } from '../src/index.js';
import {
  either,
  freshProcRefused,
  memoryOverlaysRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { initsIn, isGone, printedIn, rejection, until } from './helpers/places.js';

const folder = foldersFor(test);
const noProc = either(userNamespacesRefused(), freshProcRefused());

const filled = (pool: Pool) => until(() => pool.ready === pool.size, 'the pool is full');

/** The program once everything is there that is made once. */
async function warm(): Promise<ReturnType<typeof hostState>> {
  const pool = isolate().pool({ size: 4 });
  await Promise.all(Array.from({ length: 8 }, () => pool.run('true')));
  await pool.close();
  return hostState();
}

skipUnless(test, noProc, 'it is filled to its size, and filled again', async () => {
  const before = await warm();
  const pool = isolate().pool({ size: 3 });
  await filled(pool);
  await setTimeout(50);
  assert.is(pool.ready, 3);
  assert.is(await printedIn(pool, 'echo output'), 'output');
  await filled(pool);
  await inTime(pool.close(), 'close');
  assert.is(pool.ready, 0);
  assertSameHost(before, 'after it');
});

skipUnless(test, noProc, 'each command has a box of its own', async () => {
  await using pool = isolate().pool({ size: 2 });
  const script = 'ls /tmp/mine 2>/dev/null; touch /tmp/mine; echo "$$"';
  const results = await Promise.all(Array.from({ length: 12 }, () => printedIn(pool, script)));
  // The init of the box is 1, and the command the first after it.
  assert.equal(results, new Array(12).fill('2'));
});

skipUnless(test, noProc, 'more commands at once than boxes: they wait, and all run', async () => {
  const before = await warm();
  const pool = isolate().pool({ size: 2 });
  const results = await inTime(
    Promise.all(Array.from({ length: 60 }, (_, i) => printedIn(pool, 'echo "$1"', String(i)))),
    'the commands',
    60,
  );
  assert.equal(
    results,
    Array.from({ length: 60 }, (_, i) => String(i)),
  );
  await pool.close();
  assertSameHost(before, 'after it');
});

skipUnless(test, noProc, 'what a command leaves behind ends with it', async () => {
  await using pool = isolate().cwd('/').pool({ size: 1 });
  const directory = folder();
  await using marked = isolate().bind(directory).cwd(directory).pool({ size: 1 });
  const running = await marked.spawn('sh', ['-c', 'sleep 1000 >/dev/null 2>&1 & exit 0'], { stdio: 'ignore' });
  const [holder] = initsIn(directory);
  assert.ok(holder !== undefined);
  await inTime(running.exited, 'the command');
  await until(() => sleepersIn(directory) === 0, 'what it left behind');
  assert.is((await pool.run('true')).exit.kind, 'exited');
});

/** Processes with this working directory that are no inits of ours. */
function sleepersIn(directory: string): number {
  const inits = initsIn(directory);
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !isGone(Number(name)));
  return all.filter((name) => !inits.includes(Number(name)) && cwdOf(name) === directory).length;
}

function cwdOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

skipUnless(
  test,
  noProc,
  'boxes that die while they wait are not used, and are replaced when somebody asks',
  async () => {
    const before = await warm();
    const directory = folder();
    const pool = bare().unshare('user', 'mount', 'pid').cwd(directory).pool({ size: 3 });
    for (const moment of [() => setTimeout(50), () => setImmediate(), () => Promise.resolve()]) {
      await filled(pool);
      // The one that was used last may be about to end.
      const onlyThose = async () => {
        while (initsIn(directory).length !== 3) await setTimeout(5);
      };
      await inTime(onlyThose(), `three boxes, not ${initsIn(directory).length}`);
      const inits = initsIn(directory);
      for (const pid of inits) process.kill(pid, 'SIGKILL');
      await moment();
      // What begins in one that is being killed at this moment is killed with it.
      const ends = async () => {
        const { stdout, exit } = await pool.run('echo', ['output']);
        return exit.kind === 'signaled' && exit.signal === 'SIGKILL' ? undefined : stdout;
      };
      let printed: string | undefined;
      for (let times = 0; printed === undefined && times <= 3; times++) printed = await ends();
      assert.is(printed, 'output\n');
    }
    await pool.close();
    assert.equal(initsIn(directory), []);
    assertSameHost(before, 'after it');
  },
);

skipUnless(
  test,
  noProc,
  'close() ends what is ready, what runs and what is being opened, and refuses who waits',
  async () => {
    const before = await warm();
    for (const moment of [0, 1, 2, 4, 8, 20, 50]) {
      const pool = isolate().pool({ size: 3 });
      const outcomes = Array.from({ length: 10 }, () =>
        pool.spawn('sleep', ['100'], { stdio: 'ignore' }).then(
          ({ exited }) => exited.then((exit) => ('signal' in exit ? (exit.signal as string) : exit.kind)),
          (error) => error.code as string,
        ),
      );
      await setTimeout(moment);
      await inTime(Promise.all([pool.close(), pool.close()]), `close after ${moment} ms`);
      for (const outcome of await inTime(Promise.all(outcomes), 'the commands')) {
        assert.ok(['SIGKILL', 'ERR_ISOLATE_POOL_CLOSED'].includes(outcome), outcome);
      }
      assert.is((await rejection(pool.run('true'))).code, 'ERR_ISOLATE_POOL_CLOSED');
      assert.is(pool.ready, 0);
    }
    assertSameHost(before, 'after it');
  },
);

skipUnless(test, noProc, 'who waits for a box can be aborted, and takes none with it', async () => {
  const before = await warm();
  const pool = isolate().pool({ size: 1 });
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = Array.from({ length: 5 }, () => rejection(pool.run('true', [], { signal })));
  const others = Array.from({ length: 5 }, () => printedIn(pool, 'echo output'));
  controller.abort();
  for (const error of await inTime(Promise.all(aborted), 'the abort')) assert.is(error.name, 'AbortError');
  assert.equal(await inTime(Promise.all(others), 'the others'), new Array(5).fill('output'));
  assert.is((await rejection(pool.spawn('true', [], { signal }))).name, 'AbortError');
  assert.is(getEventListeners(signal, 'abort').length, 0);
  await filled(pool);
  await pool.close();
  assertSameHost(before, 'after it');
});

skipUnless(test, noProc, 'a command that is not there costs a box, and no more', async () => {
  const before = await warm();
  const pool = isolate().pool({ size: 2 });
  for (let i = 0; i < 5; i++) {
    const error = await rejection(pool.spawn('nonexistent'));
    assert.is((error as { reason?: string }).reason, 'command-not-found');
  }
  assert.is(await printedIn(pool, 'echo output'), 'output');
  await pool.close();
  assertSameHost(before, 'after it');
});

skipUnless(test, noProc, 'why no box can be opened is told to each who asks', async () => {
  const before = await warm();
  const directory = folder();
  const pool = isolate().cwd(`${directory}/missing`).bind(directory).pool({ size: 2 });
  const errors = await inTime(Promise.all(Array.from({ length: 6 }, () => rejection(pool.run('true')))), 'the errors');
  for (const error of errors) assert.is((error as { reason?: string }).reason, 'cwd-not-found');
  mkdirSync(`${directory}/missing`);
  assert.is(await printedIn(pool, 'pwd'), `${directory}/missing`);
  await filled(pool);
  await pool.close();
  const never = bare().pool({ size: 1 });
  assert.ok((await rejection(never.run('true'))) instanceof SpecError);
  await never.close();
  assertSameHost(before, 'after it');
});

test('a size that is none is refused', () => {
  for (const size of [0, -1, 1.5, 1025, Number.NaN, '3' as never]) {
    assert.throws(
      () => isolate().pool({ size }),
      (error: unknown) => error instanceof SpecError && error.field === 'size',
    );
  }
});

skipUnless(
  test,
  either(noProc, rootOnly(), memoryOverlaysRefused()),
  'what a command changed in a snapshot comes back with it',
  async () => {
    const before = await warm();
    const directory = folder({ file: 'old' });
    const pool = isolate().snapshot(directory).pool({ size: 2 });
    const results = await Promise.all(
      [1, 2, 3].map((i) => pool.run('sh', ['-c', `cat ${directory}/*; echo ${i} > ${directory}/new`])),
    );
    for (const [i, { stdout, snapshot }] of results.entries()) {
      assert.is(stdout, 'old');
      assert.is(String(await snapshot?.read(`${directory}/new`)), `${i + 1}\n`);
      await snapshot?.discard();
    }
    await pool.close();
    assertSameHost(before, 'after it');
  },
);

test.run();
