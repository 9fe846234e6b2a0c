// Mounts leave nothing behind, however many there are, and however a launch ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isolate, type Sandbox, StepError } from '../src/index.js';
import { skipUnless } from './helpers/can.js';
import { foldersFor, stateOf } from './helpers/folder.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { output } from './helpers/inside.js';
import { programOf, repository } from './helpers/program.js';
import { noNamespaces, ways } from './helpers/ways.js';

const newFolder = foldersFor(test);
const [first] = ways as unknown as [(typeof ways)[number]];

/** A sandbox with this many mounts of several kinds, in one directory. */
function withMounts(count: number): { box: Sandbox; target: string } {
  const [source, target] = [newFolder({ file: 'x' }), newFolder()];
  let box = first.box().tmpfs(target);
  for (let i = 1; i < count; i++) {
    const at = `${target}/${i}`;
    if (i % 10 === 0) box = box.tmpfs(at, { size: '64K' });
    else if (i % 2 === 0) box = box.roBind(`${source}/file`, at);
    else box = box.bind(source, at);
  }
  return { box, target };
}

const count = 1000;

async function spawnMany(number: number, box: Sandbox): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next++ < number) {
      const running = await box.spawn('/bin/true', [], { stdio: 'ignore' });
      const exit = await running.exited;
      assert.is(exit.kind === 'exited' && exit.code, 0);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  await setTimeout(50);
}

skipUnless(test, noNamespaces, `${count} commands with 20 mounts each leave nothing`, async () => {
  const { box, target } = withMounts(20);
  const mounts = (await output(box, 'cat', '/proc/self/mountinfo')).split('\n').filter((line) => line.includes(target));
  assert.is(mounts.length, 20);
  await spawnMany(40, box);
  const before = hostState();
  const started = performance.now();
  await spawnMany(count, box);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${count} commands with 20 mounts each in ${seconds.toFixed(1)} s`);
  assertSameHost(before, `after ${count} commands`);
});

skipUnless(test, noNamespaces, 'a command with 2,000 mounts', async () => {
  const { box, target } = withMounts(2000);
  const before = hostState();
  const error = await output(box, 'sh', '-c', 'grep -c "$1" /proc/self/mountinfo', 'sh', target).then(
    (text) => void assert.is(text, '2000'),
    (error) => error,
  );
  // A limit on descriptors or mounts may be in the way: then it says so.
  if (error !== undefined) {
    assert.instance(error, StepError, `${error}`);
    assert.match(error.code, /EMFILE|ENFILE|ENOSPC|ENOMEM/, error.message);
    console.log(`2,000 mounts: ${error.message.split('\n')[0]}`);
  }
  assertSameHost(before, '2,000 mounts');
});

skipUnless(test, noNamespaces, 'launches that are aborted among their mounts leave nothing', async () => {
  const { box } = withMounts(200);
  await box.run('true');
  await setTimeout(50);
  const before = hostState();
  let aborted = 0;
  for (let i = 0; i < 40; i++) {
    const controller = new AbortController();
    const running = box.spawn('/bin/sleep', ['100'], { signal: controller.signal, stdio: 'ignore' });
    void setTimeout(i % 20).then(() => controller.abort());
    const outcome = await running.catch((error: Error) => error);
    if (outcome instanceof Error) {
      assert.is(outcome.name, 'AbortError', `${outcome}`);
      aborted++;
    } else assert.is((await outcome.exited).kind, 'killed');
  }
  assert.ok(aborted > 0);
  await setTimeout(50);
  assertSameHost(before, 'aborted launches');
});

/** The processes that have a word among their arguments. */
function processesWith(word: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

skipUnless(test, noNamespaces, 'a program that is killed while it starts commands leaves nothing', async () => {
  const folder = newFolder({ file: 'x' });
  const word = `isolate-killed-${process.pid}`;
  const before = hostState();
  const state = stateOf(folder);
  for (let times = 0; times < 6; times++) {
    const [file, args] = programOf(`
      let box = isolate().cwd('/');
      for (let i = 0; i < 50; i++) box = box.tmpfs('/tmp/' + i).roBind(${JSON.stringify(`${folder}/file`)}, '/tmp/' + i + '/file');
      console.log('ready');
      for (;;) await Promise.all([1, 2, 3, 4].map(async () => { await box.spawn('sleep', ['1${times}${process.pid}'], { stdio: 'ignore' }); }));
    `);
    const child = spawn(file, [...args, word], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    await once(child.stdout, 'data');
    await setTimeout(20 + times * 7);
    child.kill('SIGKILL');
    await once(child, 'close');
    const ends = async () => {
      while (processesWith(word).length + processesWith(`sleep\x001${times}${process.pid}`).length > 0)
        await setTimeout(5);
    };
    await inTime(ends(), 'the end of all that it started', 5);
  }
  assert.equal(stateOf(folder), state);
  assertSameHost(before, 'after a program that was killed');
});

skipUnless(test, noNamespaces, 'a launch that fails at its last mount leaves nothing', async () => {
  const before = hostState();
  for (let times = 0; times < 20; times++) {
    const error = await isolate()
      .cwd('/nonexistent/directory')
      .run('true')
      .catch((error) => error);
    assert.instance(error, StepError);
  }
  assertSameHost(before, 'failed launches');
});

test.run();
