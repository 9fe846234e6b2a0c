// A storm: thousands of commands, 64 at a time, that succeed, fail, run out of time and are aborted, in the main thread and in
// workers. Each comes out right, and none leaves anything.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { assertSameHost, type HostState, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { storm, type Tally } from './helpers/storm.js';

const noNamespaces = either(userNamespacesRefused(), freshProcRefused());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Held {
  readonly host: HostState;
  readonly threads: number;
  readonly rss: number;
}

/** What is closed, and what nobody holds any more, goes with the next turns of the loop. */
async function held(): Promise<Held> {
  for (let times = 0; times < 5; times++) {
    collectGarbage();
    await setTimeout(20);
  }
  return { host: hostState(), threads: readdirSync('/proc/self/task').length, rss: process.memoryUsage().rss };
}

/** Runs a storm twice, a quarter of it first; the other one leaves nothing, and no memory that would not have been taken by then. */
async function leavesNothing(run: (count: number) => Promise<Tally>, count: number, what: string): Promise<void> {
  await inTime(run(count / 4), `the first of ${what}`, 240);
  const before = await held();
  const started = performance.now();
  const tally = await inTime(run(count), what, 240);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const after = await held();
  assertSameHost(before.host, `after ${what}`);
  assert.is(after.threads, before.threads, 'threads');
  const grown = (after.rss - before.rss) / 2 ** 20;
  console.log(`${what}: ${seconds} s, ${JSON.stringify(tally)}, grown by ${grown.toFixed(1)} MiB`);
  assert.ok(grown < 20, `${grown} MiB`);
  const sum = Object.values(tally).reduce((all, some) => all + some, 0);
  assert.is(sum, count, JSON.stringify(tally));
  const all = ['ran', 'timeout', 'aborted', 'aborted before its turn', 'command-not-found'];
  for (const end of all) assert.ok((tally[end] ?? 0) > 0, end);
}

skipUnless(test, noNamespaces, '2,000 commands, 64 at a time, in the main thread', () =>
  leavesNothing((count) => storm(count, 64), 2000, '2,000 commands'),
);

/** The option by which Node learns TypeScript does not reach its workers. */
const inWorker = `(async () => {
  const { parentPort, workerData: { count, atOnce } } = await import('node:worker_threads');
  (await import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})).register();
  const { storm } = await import(${JSON.stringify(new URL('helpers/storm.ts', import.meta.url).href)});
  parentPort.postMessage(await storm(count, atOnce));
})();`;

async function stormInWorker(count: number, atOnce: number): Promise<Tally> {
  const worker = new Worker(inWorker, { eval: true, execArgv: [], workerData: { count, atOnce } });
  const exit = once(worker, 'exit');
  const [tally] = await once(worker, 'message');
  assert.equal(await exit, [0]);
  return tally;
}

async function stormInWorkers(count: number): Promise<Tally> {
  const workers = 4;
  const tallies = await Promise.all(
    Array.from({ length: workers }, () => stormInWorker(count / workers, 64 / workers)),
  );
  const sum: Tally = {};
  for (const [end, times] of tallies.flatMap(Object.entries)) sum[end] = (sum[end] ?? 0) + times;
  return sum;
}

skipUnless(test, noNamespaces, '2,000 commands in 4 workers', () =>
  leavesNothing(stormInWorkers, 2000, '2,000 commands in 4 workers'),
);

test.run();
