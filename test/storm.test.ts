// Two thousand commands, 64 at a time, of every way to start one and every way to end: each promise settles, with the right result, and
// nothing is left. In the main thread, and in four workers at once.
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { library, nodeOptions, repository } from './helpers/program.js';

const noProc = either(userNamespacesRefused(), freshProcRefused());

/** A storm in the thread that runs it: what came of how many, what was wrong, and what is there more than before. */
const storm = `
  const { readdirSync, readFileSync } = await import('node:fs');
  const sandboxes = [isolate(), bare(), bare().unshare('user', 'pid', 'mount'), isolate().asPid1(), bare().newSession()];
  const missing = bare().unshare('user', 'mount').bind('/etc', '/no/such/place/at/all');
  const ends = {
    // The output is that of this command and no other.
    success: async (from, i) => {
      const { stdout, exit } = await from.run('sh', ['-c', 'echo "$1"; exit "$2"', 'sh', String(i), String(i % 256)]);
      return stdout === i + '\\n' && exit.kind === 'exited' && exit.code === i % 256;
    },
    signal: async (from) => {
      const { exit } = await from.run('sh', ['-c', 'kill -KILL $$; exit 9']);
      return exit.kind === 'signaled' && exit.signal === 'SIGKILL' || exit.kind === 'exited' && exit.code === 9;
    },
    'not found': async (from) => (await rejected(from.run('no-such-command'))).reason === 'command-not-found',
    'not executable': async (from) => (await rejected(from.run('/etc/passwd'))).reason === 'not-executable',
    'a step': async () => ['ENOENT', 'EROFS', 'ERR_ISOLATE_SPEC'].includes((await rejected(missing.run('true'))).code),
    timeout: async (from, i) => {
      const { exit } = await from.run('sleep', ['100'], { timeout: 1 + (i % 20) });
      return exit.kind === 'timeout' && exit.signal === 'SIGKILL';
    },
    abort: async (from, i) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), i % 30);
      return (await rejected(from.run('sleep', ['100'], { signal: controller.signal }))).name === 'AbortError';
    },
    dispose: async (from, i) => {
      const running = await from.spawn('sleep', ['100'], { stdio: ['pipe', 'pipe', 'ignore'] });
      await new Promise((resolve) => setTimeout(resolve, i % 10));
      await running[Symbol.asyncDispose]();
      const exit = await running.exited;
      return exit.kind === 'killed' && exit.by === 'dispose';
    },
  };
  const rejected = (promise) => promise.then(() => ({ code: 'it did not reject' }), (error) => error);
  const kinds = Object.keys(ends);

  const brew = async (count, atOnce) => {
    const box = await isolate().open();
    const pool = isolate().pool({ size: 2 });
    const wrong = [];
    const tally = {};
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < count; i = next++) {
        const kind = kinds[i % kinds.length];
        // One in sixteen comes from the pool: each of those takes a box of its own.
        const from = i % 16 === 3 ? pool : i % 7 === 5 ? box : sandboxes[i % sandboxes.length];
        try {
          if (!(await ends[kind](from, i))) wrong.push([i, kind, 'another result']);
        } catch (error) {
          wrong.push([i, kind, String(error).slice(0, 300)]);
        }
        tally[kind] = (tally[kind] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await Promise.all([box.close(), pool.close()]);
    return { wrong: wrong.slice(0, 5), wrongs: wrong.length, done: Object.values(tally).reduce((a, b) => a + b, 0) };
  };
`;

/** What of the process may grow with what is left behind. */
const state = `
  const { readdirSync: list, readFileSync: text } = await import('node:fs');
  const state = () => ({
    descriptors: list('/proc/self/fd').length,
    threads: list('/proc/self/task').length,
    children: list('/proc/self/task').flatMap((id) => text('/proc/self/task/' + id + '/children', 'utf8').split(' ')).filter(Boolean).length,
  });
`;

interface Brewed {
  readonly wrong: readonly unknown[];
  readonly wrongs: number;
  readonly done: number;
}

interface Weathered {
  readonly brewed: readonly Brewed[];
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  readonly grownMiB: number;
}

/** Runs a program to its end: that it ends shows that nothing keeps its event loop going. */
function weather(code: string): Weathered {
  const args = [...nodeOptions, '--expose-gc', '--input-type=module', '--eval', `${library} ${state} ${code}`];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: repository,
    encoding: 'utf8',
    timeout: 240_000,
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
}

/** Of 2,000 commands each may leave no more than this, on the average. */
const mostBytesEach = 16_384;

function assertCalm({ brewed, before, after, grownMiB }: Weathered, count: number): void {
  for (const { wrong, wrongs, done } of brewed) {
    assert.is(wrongs, 0, JSON.stringify(wrong));
    assert.is(done, count / brewed.length);
  }
  assert.equal(after, before);
  assert.ok(grownMiB < (2000 * mostBytesEach) / 2 ** 20, `${grownMiB} MiB more`);
}

skipUnless(test, noProc, '2,000 commands, 64 at a time, in the main thread', () => {
  const weathered = weather(`
    ${storm}
    await brew(200, 64);
    gc();
    const [before, rss] = [state(), process.memoryUsage().rss];
    const brewed = [await brew(2000, 64)];
    gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const grownMiB = (process.memoryUsage().rss - rss) / 2 ** 20;
    console.log(JSON.stringify({ brewed, before, after: state(), grownMiB }));
  `);
  assertCalm(weathered, 2000);
});

skipUnless(test, noProc, '2,000 commands, 64 at a time, in four workers at once', () => {
  const worker = `(async () => {
    ${library} ${storm}
    const { parentPort, workerData } = await import('node:worker_threads');
    parentPort.postMessage(await brew(workerData.count, 16));
  })();`;
  const weathered = weather(`
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    const inWorkers = (count) => Promise.all([1, 2, 3, 4].map(async () => {
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: { count } });
      const [[brewed]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      return brewed;
    }));
    await inWorkers(20);
    gc();
    const [before, rss] = [state(), process.memoryUsage().rss];
    const brewed = await inWorkers(500);
    gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const grownMiB = (process.memoryUsage().rss - rss) / 2 ** 20;
    console.log(JSON.stringify({ brewed, before, after: state(), grownMiB }));
  `);
  assertCalm(weathered, 2000);
});

test.run();
