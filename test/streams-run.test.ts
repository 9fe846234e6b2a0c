// What run() gives a command to read, and collects of what it prints.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bytes } from '../src/builder/process/collect/bytes.js';
import { Interleaved } from '../src/builder/process/collect/interleaved.js';
import {
  bare,
  IsolateError,
  isolate,
  MaxBufferError,
  type OutputEncoding,
  type RunInput,
  type RunOptions,
  type RunResult,
  SpecError,
} from '../src/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { printed } from './helpers/inside.js';

const noNamespaces = either(userNamespacesRefused(), freshProcRefused());
const folder = mkdtempSync(join(tmpdir(), 'isolate-streams-'));
test.after(() => rmSync(folder, { recursive: true }));

function shell<E extends OutputEncoding = 'text', A extends boolean = false>(
  script: string,
  options: RunOptions<E, A> = {},
): Promise<RunResult<E, A>> {
  return inTime(bare().run('sh', ['-c', script], options), script);
}

async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => assert.unreachable('it did not reject') as never,
    (error) => error,
  );
}

// Encodings.

test('text: strings, unless said otherwise', async () => {
  const result = await shell('printf "one\\ntwo"; echo three >&2');
  const { stdout, stderr, all }: { stdout: string; stderr: string; all: undefined } = result;
  assert.equal([stdout, stderr, all], ['one\ntwo', 'three\n', undefined]);
  assert.is((await shell('echo it', { encoding: 'text' })).stdout, 'it\n');
});

for (const [script, lines] of [
  ['', []],
  ['echo', ['']],
  ['printf "one\\ntwo\\n"', ['one', 'two']],
  ['printf "one\\ntwo"', ['one', 'two']],
  ['printf "\\none\\n\\n"', ['', 'one', '']],
  ['printf "one\\r\\ntwo\\r\\n"', ['one', 'two']],
  ['printf "a\\rb\\nlast\\r"', ['a\rb', 'last\r']],
] as const) {
  test(`lines: ${script}`, async () => {
    const { stdout }: { stdout: string[] } = await shell(script, { encoding: 'lines' });
    assert.equal(stdout, lines);
  });
}

test('buffer: every byte as it is', async () => {
  const data = randomBytes(3 * 2 ** 20);
  const { stdout, stderr }: { stdout: Buffer; stderr: Buffer } = await shell('cat; printf "\\377" >&2', {
    encoding: 'buffer',
    input: data,
  });
  assert.ok(stdout.equals(data));
  assert.equal([...stderr], [255]);
});

test('what is not collected is empty, in the encoding', async () => {
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  const ran = await Promise.all([
    shell('echo out', { stdio, all: true }),
    shell('echo out', { stdio, encoding: 'lines', all: true }),
    shell('echo out', { stdio, encoding: 'buffer', all: true }),
  ]);
  assert.equal(
    ran.map(({ stdout, stderr, all }) => [stdout, stderr, all]),
    [
      ['', '', ''],
      [[], [], []],
      [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)],
    ],
  );
});

test('a character that comes in two pieces is one', async () => {
  // The pipe is read between the two.
  const script = 'printf "\\342\\202"; sleep 0.1; printf "\\254 \\303"; sleep 0.1; printf "\\274\\n"';
  const { stdout, all } = await shell(script, { all: true });
  assert.equal([stdout, all], ['€ ü\n', '€ ü\n']);
});

test('bytes that are no UTF-8 become U+FFFD', async () => {
  const { stdout, all } = await shell('printf "a\\303"', { all: true });
  assert.equal([stdout, all], ['a\ufffd', 'a\ufffd']);
});

test('many small pieces are the same as few large ones', () => {
  const data = randomBytes(50_000);
  const bytes = new Bytes();
  for (let at = 0, size = 1; at < data.length; at += size, size = (size * 7) % 9001) {
    bytes.append(data.subarray(at, at + size));
  }
  assert.is(bytes.length, data.length);
  assert.ok(bytes.take().equals(data));
  assert.equal([bytes.length, bytes.take().length], [0, 0]);
});

// Input.

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* chunks;
}

const euro = Buffer.from('€\n');
const inputs: Record<string, () => RunInput> = {
  'a string': () => '€\n',
  'a Buffer': () => euro,
  'a Uint8Array, of a part of its memory': () => new Uint8Array([0, ...euro, 0]).subarray(1, 1 + euro.length),
  'a Readable': () => Readable.from([euro.subarray(0, 2), euro.subarray(2)], { objectMode: false }),
  'a Readable of strings': () => Readable.from(['€', '\n']),
  'a file': () => {
    writeFileSync(join(folder, 'input'), euro);
    return createReadStream(join(folder, 'input'));
  },
  'a PassThrough that is written to meanwhile': () => {
    const stream = new PassThrough();
    setTimeout(() => stream.end(euro), 20);
    return stream;
  },
  'a web stream': () => new Blob(['€', '\n']).stream() as RunInput,
  'an async generator': () => chunksOf('€', new Uint8Array([10])),
};
for (const [name, make] of Object.entries(inputs)) {
  test(`input: ${name}`, async () => {
    assert.is((await shell('cat', { input: make() })).stdout, '€\n');
  });
}

test('input: nothing at all', async () => {
  for (const input of ['', new Uint8Array(), Readable.from([]), chunksOf()]) {
    assert.is((await shell('cat; echo end', { input })).stdout, 'end\n');
  }
});

skipUnless(test, noNamespaces, 'input: into a sandbox', async () => {
  const { stdout } = await isolate().run('sort', [], { input: 'b\na\n', encoding: 'lines' });
  assert.equal(stdout, ['a', 'b']);
});

test('input: 16 MiB go through a command unchanged', async () => {
  const data = randomBytes(2 ** 24);
  const pieces = Array.from({ length: 2 ** 8 }, (_, i) => data.subarray(i * 2 ** 16, (i + 1) * 2 ** 16));
  for (const input of [data, Readable.from(pieces), chunksOf(...pieces)]) {
    const { stdout } = await shell('sha256sum', { input });
    assert.is(stdout.split(' ')[0], createHash('sha256').update(data).digest('hex'));
  }
});

test('input: without it there is none, and a pipe is at its end', async () => {
  assert.is((await shell('cat; readlink /proc/$$/fd/0')).stdout, '/dev/null\n');
  assert.is((await shell('cat; echo end', { stdio: 'pipe' })).stdout, 'end\n');
});

test('input: nobody has to read it', async () => {
  const before = hostState();
  const much = Buffer.alloc(2 ** 22);
  for (const script of ['true', 'exec <&-; sleep 0.1; echo "still here"', 'head -c 1 > /dev/null; exit 3']) {
    for (const input of [much, Readable.from([much, much]), chunksOf(much, much), 'short']) {
      const { exit, stdout } = await shell(script, { input });
      assert.equal(
        [exit.kind === 'exited' && exit.code, stdout],
        [script.endsWith('3') ? 3 : 0, script.startsWith('exec') ? 'still here\n' : ''],
      );
    }
  }
  assertSameHost(before, 'after it');
});

test('input: a source that never gives anything holds nothing up, and is destroyed', async () => {
  const never = new PassThrough();
  let isReturned = false;
  const endless: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        isReturned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  await shell('true', { input: never });
  await shell('true', { input: endless });
  assert.ok(never.destroyed);
  await wait(0);
  assert.ok(isReturned);
});

test('input: a source that fails ends the command, and is the error', async () => {
  const before = hostState();
  async function* generator(): AsyncGenerator<string> {
    yield 'some';
    throw new Error('no more');
  }
  const late = () => {
    const source = new PassThrough();
    source.write('some');
    setTimeout(() => source.destroy(new Error('no more')), 50);
    return source;
  };
  const early = () =>
    new Readable({
      read() {
        this.destroy(new Error('no more'));
      },
    });
  for (const input of [generator, late, early, () => Readable.from(generator())]) {
    // It would say that it got to the end.
    const error = await rejection(shell('cat; echo end >&2; exec sleep 100', { input: input() }));
    assert.is(error.message, 'no more');
  }
  const missing = createReadStream(join(folder, 'missing'));
  assert.is((await rejection(shell('exec sleep 100', { input: missing }))).code, 'ENOENT');
  const cut = new PassThrough();
  setTimeout(() => cut.destroy(), 20);
  assert.is((await rejection(shell('exec sleep 100', { input: cut }))).code, 'ERR_STREAM_PREMATURE_CLOSE');
  const numbers = Readable.from([1, 2]);
  assert.is((await rejection(shell('exec sleep 100', { input: numbers }))).code, 'ERR_INVALID_ARG_TYPE');
  assertSameHost(before, 'after it');
});

test('input: a stream for a command that cannot be started is destroyed', async () => {
  const stream = new PassThrough();
  await rejection(bare().run('/nonexistent', [], { input: stream }));
  assert.ok(stream.destroyed);
});

test('an abort destroys the source of the input, and waits for nobody that holds the output', async () => {
  const before = hostState();
  const controller = new AbortController();
  const input = new PassThrough();
  input.write('some');
  const ran = rejection(shell('sleep 0.5 & cat', { input, signal: controller.signal, all: true }));
  await wait(100);
  controller.abort();
  assert.is((await ran).name, 'AbortError');
  assert.ok(input.destroyed);
  assertSameHost(before, 'after it');
});

test('what a command left behind still prints', async () => {
  const { stdout, exit } = await shell('(sleep 0.1; echo late) & echo first; exit 3');
  assert.equal([stdout, exit.kind === 'exited' && exit.code], ['first\nlate\n', 3]);
});

// Both streams.

test('all: in the order of arrival', async () => {
  const script = 'for i in 1 2 3; do echo "out $i"; sleep 0.1; echo "err $i" >&2; sleep 0.1; done';
  const { all }: { all: string[] } = await shell(script, { all: true, encoding: 'lines' });
  assert.equal(all, ['out 1', 'err 1', 'out 2', 'err 2', 'out 3', 'err 3']);
});

test('all: everything of both, in each encoding', async () => {
  const script = 'seq 10000 & seq 20001 30000 >&2; wait';
  const numbers = (lines: string[]) => [...new Set(lines.map(Number))].sort((a, b) => a - b);
  const expected = [...Array(10_000).keys()].flatMap((i) => [i + 1, i + 20_001]).sort((a, b) => a - b);
  const lines = await shell(script, { all: true, encoding: 'lines' });
  assert.equal(numbers(lines.all), expected);
  const inOrder = (name: 'stdout' | 'stderr') =>
    lines.all.filter((line) => Number(line) > 20_000 === (name === 'stderr'));
  assert.equal([inOrder('stdout'), inOrder('stderr')], [lines.stdout, lines.stderr]);
  const text: string = (await shell(script, { all: true })).all;
  const bytes: Buffer = (await shell(script, { all: true, encoding: 'buffer' })).all;
  assert.equal([text.length, bytes.length], [text.length, text.length]);
  assert.is(text.length, lines.stdout.join('\n').length + lines.stderr.join('\n').length + 2);
});

const pieces = (text: string, at: number) =>
  [Buffer.from(text).subarray(0, at), Buffer.from(text).subarray(at)] as const;

test('all: a character of one stream is not torn by the other', () => {
  const text = new Interleaved('text');
  const [first, second] = pieces('a€', 2);
  text.append('stdout', first);
  text.append('stderr', Buffer.from('!'));
  text.append('stdout', second);
  assert.is(text.take().toString(), 'a!€');
});

test('all: a line of one stream is not torn by the other, in lines', () => {
  const lines = new Interleaved('lines');
  const [first, second] = pieces('one\ntwo\n', 6);
  lines.append('stdout', first);
  lines.append('stderr', Buffer.from('error\nlast'));
  lines.append('stdout', second);
  lines.end('stderr');
  lines.append('stdout', Buffer.from('three'));
  assert.is(lines.take().toString(), 'one\nerror\ntwo\nlast\nthree\n');
});

test('all: bytes are as they came', () => {
  const bytes = new Interleaved('buffer');
  const [first, second] = pieces('€', 1);
  bytes.append('stdout', first);
  bytes.append('stderr', Buffer.from('!'));
  bytes.append('stdout', second);
  assert.equal([...bytes.take()], [0xe2, 0x21, 0x82, 0xac]);
});

// What is too much.

test('maxBuffer: exactly as much is not too much', async () => {
  const { stdout, stderr } = await shell('printf 12345; printf 54321 >&2', { maxBuffer: 5 });
  assert.equal([stdout, stderr], ['12345', '54321']);
  assert.is(printed(await shell('true', { maxBuffer: 0 })), '');
  assert.is((await shell('echo it', { maxBuffer: Number.POSITIVE_INFINITY })).stdout, 'it\n');
});

async function tooMuch(ran: Promise<unknown>): Promise<MaxBufferError> {
  const error = await rejection(ran);
  assert.instance(error, MaxBufferError, error.stack);
  assert.instance(error, IsolateError);
  return error as unknown as MaxBufferError;
}

test('maxBuffer: one that writes for ever is ended, and its beginning is there', async () => {
  const before = hostState();
  for (const [script, stream] of [
    ['exec yes', 'stdout'],
    ['exec yes >&2', 'stderr'],
    // The shell waits, and yes(1) is ended by the closed pipe.
    ['yes; sleep 100', 'stdout'],
  ] as const) {
    const error = await tooMuch(shell(script, { maxBuffer: 100_001, all: true }));
    assert.equal([error.code, error.stream, error.maxBuffer], ['ERR_ISOLATE_MAX_BUFFER', stream, 100_001]);
    assert.is(error[stream], 'y\n'.repeat(50_000).concat('y'));
    assert.is(error[stream === 'stdout' ? 'stderr' : 'stdout'], '');
    assert.is(error.all, error[stream]);
    assert.match(error.message, new RegExp(`^${stream} is longer than maxBuffer, 100001 bytes.*\n {2}help {2}`));
  }
  assertSameHost(before, 'after it');
});

test('maxBuffer: is per stream, and what the other one had is there', async () => {
  const script = 'echo first >&2; sleep 0.1; echo much; exec sleep 100';
  const error = await tooMuch(shell(script, { maxBuffer: 0 }));
  assert.equal([error.stream, error.stdout, error.stderr], ['stderr', '', '']);
  const other = await tooMuch(
    shell('echo 1 >&2; sleep 0.1; seq 3; exec sleep 100', { maxBuffer: 4, encoding: 'lines' }),
  );
  assert.equal([other.stream, other.stdout, other.stderr, other.all], ['stdout', ['1', '2'], ['1'], undefined]);
});

test('maxBuffer: 100 MiB if nothing is said', async () => {
  const mebibytes = (count: number) => shell(`head -c ${count * 2 ** 20} /dev/zero`, { encoding: 'buffer' });
  assert.is((await mebibytes(100)).stdout.length, 100 * 2 ** 20);
  const error = await tooMuch(mebibytes(101));
  assert.equal([error.maxBuffer, error.stdout.length], [100 * 2 ** 20, 100 * 2 ** 20]);
});

test('maxBuffer: also of what a command left behind', async () => {
  const error = await tooMuch(shell('(sleep 0.1; exec yes) & exit 7', { maxBuffer: 1000 }));
  assert.is(error.stdout, 'y\n'.repeat(500));
});

skipUnless(test, noNamespaces, 'maxBuffer: all processes of a PID namespace end', async () => {
  const before = hostState();
  await tooMuch(inTime(isolate().run('sh', ['-c', 'sleep 100 & yes'], { maxBuffer: 1000 }), 'the sandbox'));
  assertSameHost(before, 'after it');
});

test('maxBuffer: the error does not print what was collected', async () => {
  const error = await tooMuch(shell('echo secret; exec sleep 100', { maxBuffer: 6 }));
  assert.is(error.stdout, 'secret');
  assert.not.match(JSON.stringify({ ...error }), /secret/);
});

test('maxBuffer: an abort is an abort, also of one that printed too much', async () => {
  const controller = new AbortController();
  const options = { maxBuffer: 10, signal: controller.signal, killSignal: 'SIGUSR1' } as const;
  const ran = shell('trap "seq 1000; exec sleep 100" USR1; while :; do sleep 0.01; done', options);
  const rejected = rejection(ran);
  await wait(100);
  controller.abort();
  assert.is((await rejected).name, 'AbortError');
});

// What cannot be.

test('options that cannot be are refused, and an input is left as it is', async () => {
  const before = hostState();
  const used = Readable.from(['x']);
  used.resume();
  await once(used, 'end');
  const cases: [field: string, options: object, sandbox?: ReturnType<typeof bare>][] = [
    ['encoding', { encoding: 'utf8' }],
    ['encoding', { encoding: 'toString' }],
    ...[-1, 1.5, Number.NaN, '10M', null].map((maxBuffer): [string, object] => ['maxBuffer', { maxBuffer }]),
    ...[5, null, {}, ['x'], true].map((input): [string, object] => ['input', { input }]),
    ['input', { input: used }],
    ['input', { input: 'x', stdio: 'inherit' }],
    ['input', { input: 'x', stdio: ['ignore', 'pipe', 'pipe'] }],
    ['input', { input: 'x', stdio: [] }],
    ['input', { input: 'x' }, bare().stdio(['ignore', 'pipe', 'pipe'])],
    ['stdio', { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] }],
    ['stdio', {}, bare().stdio(['ignore', 'pipe', 'pipe', 'ignore', 'pipe'])],
  ];
  for (const [field, options, sandbox = bare()] of cases) {
    const error = await rejection(sandbox.run('true', [], options));
    assert.instance(error, SpecError, JSON.stringify(options));
    assert.is((error as unknown as SpecError).field, field, error.message);
  }
  const stream = new PassThrough();
  assert.instance(await rejection(bare().run('true', [], { input: stream, maxBuffer: -1 })), SpecError);
  assert.not(stream.destroyed);
  assertSameHost(before, 'after it');
});

test('a spec whose first descriptor is a pipe takes an input', async () => {
  const { stdout } = await bare().stdio('pipe').run('cat', [], { input: 'it' });
  assert.is(stdout, 'it');
});

test.run();
