// Ten thousand commands, of all kinds and with all ends, leave nothing behind: no descriptor, no process, no handle, no
// memory.
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, type Sandbox, StepError } from '../src/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { assertSameHost, hostState } from './helpers/host-state.js';

const all = bare().unshare('user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup').mapRoot();

async function works(sandbox: Sandbox): Promise<void> {
  const running = await sandbox.spawn('/bin/true', [], { stdio: 'ignore' });
  const exit = await running.exited;
  assert.is(exit.kind === 'exited' && exit.code, 0);
}

async function prints(sandbox: Sandbox): Promise<void> {
  const { stdout } = await sandbox.run('/bin/echo', ['some output']);
  assert.is(stdout, 'some output\n');
}

async function isShown(sandbox: Sandbox): Promise<void> {
  const { stdout } = await sandbox.run('/bin/echo', ['some output'], { tty: true });
  assert.is(stdout, 'some output\r\n');
}

async function isEnded(sandbox: Sandbox): Promise<void> {
  await using running = await sandbox.spawn('/bin/cat', [], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
  running.stdin?.write('never read');
}

async function isKilled(sandbox: Sandbox): Promise<void> {
  const running = await sandbox.spawn('/bin/sleep', ['100'], { stdio: 'ignore' });
  running.kill('SIGTERM');
  assert.is((await running.exited).kind, 'signaled');
}

async function fails(sandbox: Sandbox, file: string): Promise<void> {
  const error = await sandbox.spawn(file, [], { stdio: 'pipe' }).catch((error) => error);
  assert.instance(error, StepError, `${error}`);
}

async function isAborted(sandbox: Sandbox): Promise<void> {
  const controller = new AbortController();
  const options = { signal: controller.signal, stdio: ['ignore', 'pipe', 'ignore'] } as const;
  const spawned = sandbox.spawn('/bin/sleep', ['100'], options);
  setImmediate(() => controller.abort());
  try {
    const running = await spawned;
    await running[Symbol.asyncDispose]();
  } catch (error) {
    assert.is((error as Error).name, 'AbortError', `${error}`);
  }
}

/** One after the other. */
const kinds: readonly (() => Promise<void>)[] = [
  () => works(bare()),
  () => works(all),
  () => works(isolate()),
  () => prints(bare()),
  () => prints(isolate()),
  () => isShown(bare()),
  () => isShown(isolate()),
  () => isEnded(bare()),
  () => isEnded(all),
  () => isKilled(bare()),
  () => isKilled(isolate()),
  () => fails(bare(), '/nonexistent'),
  () => fails(isolate().cwd('/nonexistent'), '/bin/true'),
  () => fails(all, '/etc/passwd'),
  () => isAborted(bare()),
  () => isAborted(isolate()),
];

async function spawnMany(count: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await (kinds[next++ % kinds.length] as () => Promise<void>)();
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  // What is closed, and what nobody holds any more, goes with the next turns of the loop.
  await setTimeout(100);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Held {
  readonly handles: readonly string[];
  readonly threads: number;
  readonly memory: NodeJS.MemoryUsage;
}

async function held(): Promise<Held> {
  for (let times = 0; times < 3; times++) {
    collectGarbage();
    await setTimeout(10);
  }
  return {
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout'),
    threads: readdirSync('/proc/self/task').length,
    memory: process.memoryUsage(),
  };
}

const mebibyte = 2 ** 20;
const count = 10_000;

skipUnless(test, either(userNamespacesRefused(), freshProcRefused()), `${count} commands leave nothing`, async () => {
  await spawnMany(500);
  const host = hostState();
  const before = await held();

  const started = performance.now();
  await spawnMany(count);
  const seconds = (performance.now() - started) / 1000;

  assertSameHost(host, `after ${count} commands`);
  const after = await held();
  assert.equal(after.handles, before.handles);
  assert.is(after.threads, before.threads);
  const grown = (what: keyof NodeJS.MemoryUsage) => (after.memory[what] - before.memory[what]) / mebibyte;
  const growth = `${grown('heapUsed').toFixed(1)} MiB of heap, ${grown('rss').toFixed(1)} MiB in all`;
  console.log(
    `${count} commands in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second; grown by ${growth}`,
  );
  // A leak of 1 KiB for each command would be 10 MiB.
  assert.ok(grown('heapUsed') < 5, growth);
  assert.ok(grown('arrayBuffers') < 5 && grown('external') < 5, growth);
  assert.ok(grown('rss') < 100, growth);
});

test.run();
