// Whoever reads slowly holds up who writes, in both directions: nothing heaps up in this program.
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, MaxBufferError } from '../src/index.js';
import { inTime } from './helpers/in-time.js';

const gigabyte = 1_000_000_000;
/** What this program may grow by where a gigabyte goes through it: most of it is what the collector has not come to yet. */
const mostGrowth = 300 * 2 ** 20;
/** What may be on its way: in the pipe, in the stream, and in between. */
const mostOnItsWay = 2 ** 20;

/** A source that counts what is taken from it. */
class Source {
  taken = 0;

  async *bytes(most = gigabyte): AsyncGenerator<Buffer> {
    while (this.taken < most) {
      const chunk = Buffer.alloc(50_000, 'x');
      this.taken += chunk.length;
      yield chunk;
    }
  }
}

/** Fails where the memory of this program grows meanwhile. */
async function withoutGrowth<T>(work: () => Promise<T>): Promise<T> {
  const before = process.memoryUsage.rss();
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  try {
    return await inTime(work(), 'a gigabyte', 120);
  } finally {
    clearInterval(look);
    assert.ok(most - before < mostGrowth, `it grew by ${(most - before) / 2 ** 20} MiB`);
  }
}

test('spawn: a gigabyte for a reader that is slow', async () => {
  await using child = await bare().spawn('head', ['-c', String(gigabyte), '/dev/zero'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const size = await withoutGrowth(async () => {
    let size = 0;
    for await (const piece of child.stdout as Readable) {
      const slowly = Math.floor(size / 10_000_000);
      size += piece.length;
      if (Math.floor(size / 10_000_000) > slowly) await wait(10);
    }
    return size;
  });
  assert.is(size, gigabyte);
  assert.is((await child.exited).kind, 'exited');
});

test('spawn: a gigabyte for a command that reads nothing', async () => {
  await using child = await bare().spawn('sleep', ['100'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const source = new Source();
  const piped = pipeline(source.bytes(), child.stdin as Writable);
  piped.catch(() => {});
  await withoutGrowth(() => wait(300));
  assert.ok(source.taken > 0 && source.taken < mostOnItsWay, `${source.taken} bytes were taken`);
  child.kill('SIGKILL');
  await inTime(
    piped.then(
      () => assert.unreachable('not all of it was written'),
      () => {},
    ),
    'the pipe to a command that has ended',
  );
});

test('run: a gigabyte for a command that reads nothing', async () => {
  const source = new Source();
  const { exit } = await withoutGrowth(() => bare().run('sleep', ['0.3'], { input: source.bytes() }));
  assert.is(exit.kind === 'exited' && exit.code, 0);
  assert.ok(source.taken > 0 && source.taken < mostOnItsWay, `${source.taken} bytes were taken`);
});

test('run: a gigabyte for a command that reads it', async () => {
  const source = new Source();
  const { stdout } = await withoutGrowth(() => bare().run('wc', ['-c'], { input: source.bytes() }));
  assert.equal([stdout, source.taken], [`${gigabyte}\n`, gigabyte]);
});

test('run: a gigabyte of which only the end is collected', async () => {
  const source = new Source();
  const script = 'head -c 900000000 > /dev/null; tail -c 5';
  const { stdout } = await withoutGrowth(() => bare().run('sh', ['-c', script], { input: source.bytes() }));
  assert.equal([stdout, source.taken], ['xxxxx', gigabyte]);
});

test('run: from one command to another', async () => {
  await using producer = await bare().spawn('head', ['-c', String(gigabyte), '/dev/zero'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const input = (producer.stdout as Readable).pipe(new PassThrough());
  const { stdout } = await withoutGrowth(() => bare().run('wc', ['-c'], { input }));
  assert.is(stdout, `${gigabyte}\n`);
});

test('run: no more than maxBuffer of what is written for ever', async () => {
  const error = await withoutGrowth(() =>
    bare()
      .run('sh', ['-c', 'exec yes'], { maxBuffer: 2 ** 20 })
      .then(
        () => undefined,
        (error) => error,
      ),
  );
  assert.instance(error, MaxBufferError);
  assert.is((error as MaxBufferError).stdout.length, 2 ** 20);
});

test.run();
