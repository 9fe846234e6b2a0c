// What the descriptors of a command are connected to.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, createWriteStream, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, type RunningProcess, SpecError, type StdioInput } from '../src/index.js';
import { fcntl_getfl, O, pipe2, read, write } from '../src/sys/index.js';
import { printed } from './helpers/inside.js';
import { programOf, repository } from './helpers/program.js';

const folder = mkdtempSync(join(tmpdir(), 'isolate-stdio-'));
test.after(() => rmSync(folder, { recursive: true }));

const start = (stdio: StdioInput | StdioInput[], script: string) => bare().spawn('sh', ['-c', script], { stdio });

async function textOf(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function codeOf(child: RunningProcess): Promise<number> {
  const exit = await child.exited;
  return exit.kind === 'exited' ? exit.code : -1;
}

test('pipes: what is written is read, and the other way round', async () => {
  await using child = await start('pipe', 'cat; echo error >&2; exit 5');
  child.stdin?.end('hello\n');
  assert.equal(await Promise.all([textOf(child.stdout), textOf(child.stderr)]), ['hello\n', 'error\n']);
  assert.is(await codeOf(child), 5);
});

test('pipes: 8 MiB go through a command unchanged', async () => {
  const data = randomBytes(8 * 2 ** 20);
  await using child = await bare().spawn('cat', [], { stdio: 'pipe' });
  child.stdin?.end(data);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  assert.is(size, data.length);
  assert.is(hash.digest('hex'), createHash('sha256').update(data).digest('hex'));
});

test('pipes: a writer that is not read from waits', async () => {
  // yes(1) writes for ever: were all of it taken in, the memory would grow by what is written in that time.
  await using child = await bare().spawn('yes', [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stdout = child.stdout as Socket;
  await once(stdout, 'readable');
  await wait(100);
  assert.ok(stdout.readableLength < 2 ** 20, `${stdout.readableLength} bytes were taken in`);
  stdout.destroy();
  const exit = await child.exited;
  assert.is(exit.kind === 'signaled' && exit.signal, 'SIGPIPE');
});

test('pipes: a reader that does not read holds the writer up', async () => {
  await using child = await bare().spawn('sleep', ['20'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const stdin = child.stdin as Socket;
  stdin.on('error', () => {});
  // More than any pipe holds.
  assert.is(stdin.write(Buffer.alloc(2 ** 21)), false);
  await wait(50);
  assert.ok(stdin.writableLength > 0, 'not all of it is written');
  child.kill('SIGKILL');
});

test('the streams that are no pipes are null', async () => {
  await using child = await start(['pipe', 'ignore', 'inherit'], 'cat');
  assert.ok(child.stdin);
  assert.equal([child.stdout, child.stderr], [null, null]);
  assert.is(child.stdio.length, 3);
  child.stdin.end();
  assert.is(await codeOf(child), 0);
});

test('ignore: nothing to read, and everything is swallowed', async () => {
  await using child = await start(
    ['ignore', 'pipe', 'ignore'],
    'cat; echo no >&2; readlink /proc/self/fd/0 /proc/$$/fd/2',
  );
  assert.is(await textOf(child.stdout as Socket), '/dev/null\n/dev/null\n');
});

test('inherit: the descriptors of this program', () => {
  const [file, args] = programOf(`
    const { exit } = await bare().spawn('sh', ['-c', 'read line; echo "out $line"; echo "err $line" >&2']).then((child) => child.exited)
      .then((exit) => ({ exit }));
    process.exitCode = exit.code;
  `);
  const { stdout, stderr, status } = spawnSync(file, args, { input: 'in\n', encoding: 'utf8', cwd: repository });
  assert.equal([stdout, stderr, status], ['out in\n', 'err in\n', 0]);
});

test('a descriptor by its number', async () => {
  const path = join(folder, 'by-number');
  const fd = openSync(path, 'w+');
  await using child = await start(['ignore', fd, fd], 'echo out; echo err >&2');
  assert.is(await codeOf(child), 0);
  closeSync(fd);
  assert.is(readFileSync(path, 'utf8'), 'out\nerr\n');
});

test('a descriptor that is not open is refused by the kernel, and named', async () => {
  try {
    await start(['ignore', 'ignore', 987_654], 'true');
  } catch (error) {
    assert.match((error as Error).message, /^dup3\(987654, 2, .*EBADF/);
    return;
  }
  assert.unreachable();
});

test('streams: a file', async () => {
  const path = join(folder, 'stream');
  const stream = createWriteStream(path);
  await once(stream, 'open');
  await using child = await start(['ignore', stream, 'ignore'], 'echo to a file');
  assert.is(await codeOf(child), 0);
  stream.close();
  assert.is(readFileSync(path, 'utf8'), 'to a file\n');
});

test('streams: a spec is data, and takes none', () => {
  const stream = new PassThrough();
  assert.throws(
    () => bare().stdio([stream as never]),
    (error: unknown) => error instanceof SpecError && error.field === 'stdio',
  );
  assert.not(Object.isFrozen(stream));
});

test('streams: one that has no descriptor yet is refused', async () => {
  const stream = createWriteStream(join(folder, 'not-open'));
  try {
    await start(['ignore', stream, 'ignore'], 'true');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, SpecError);
    assert.match((error as Error).message, /no descriptor/);
  } finally {
    await once(stream, 'open');
    stream.close();
  }
});

/** Two ends of a connection, as sockets of Node's: their descriptors do not block. */
async function connection(): Promise<[near: Socket, far: Socket]> {
  const server = createServer().listen(join(folder, 'socket'));
  await once(server, 'listening');
  const near = createConnection(join(folder, 'socket'));
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

test('streams: a socket, in both directions', async () => {
  const [near, far] = await connection();
  await using child = await start([far, far, 'ignore'], 'read line; echo "got $line"');
  far.destroy();
  near.write('it\n');
  assert.is(await textOf(near), 'got it\n');
  assert.is(await codeOf(child), 0);
});

test('streams: a command expects that a write waits, though the sockets of Node do not', async () => {
  const [near, far] = await connection();
  near.pause();
  await using child = await start(['ignore', far, 'pipe'], 'head -c 4000000 /dev/zero');
  far.destroy();
  const errors = textOf(child.stderr as Socket);
  let size = 0;
  for await (const chunk of near as AsyncIterable<Buffer>) size += chunk.length;
  assert.equal([size, await errors, await codeOf(child)], [4_000_000, '', 0]);
});

test('extra descriptors: pipes above 2 carry both directions', async () => {
  await using child = await start(
    ['ignore', 'pipe', 'inherit', 'pipe', 'pipe'],
    'read line <&3; echo "$line back" >&4; echo also >&3',
  );
  const [three, four] = [child.stdio[3] as Socket, child.stdio[4] as Socket];
  three.write('there and\n');
  assert.equal(await Promise.all([textOf(four), textOf(three), textOf(child.stdout as Socket)]), [
    'there and back\n',
    'also\n',
    '',
  ]);
});

test('extra descriptors: inherited, ignored, and by number; no others', async () => {
  const fd = openSync(join(folder, 'extra'), 'w+');
  writeFileSync(fd, 'text');
  const list = 'cd /proc/$$/fd; for fd in *; do [ -e "$fd" ] && echo "$fd $(readlink "$fd")"; done';
  await using child = await start(['ignore', 'pipe', 'ignore', 'ignore', fd, 'ignore'], list);
  const lines = (await textOf(child.stdout as Socket)).trim().split('\n');
  closeSync(fd);
  assert.is(lines[1]?.startsWith('1 pipe:'), true);
  assert.equal(
    lines.filter((_, i) => i !== 1),
    ['0 /dev/null', '2 /dev/null', '3 /dev/null', `4 ${join(folder, 'extra')}`, '5 /dev/null'],
  );
});

test('extra descriptors: many pipes at once, each in both directions', async () => {
  const fds = Array.from({ length: 18 }, (_, i) => i + 3);
  const script = 'for fd in $(seq 3 20); do cat <&"$fd" >&"$fd" & done; wait';
  await using child = await bare().spawn('bash', ['-c', script], {
    stdio: ['ignore', 'inherit', 'inherit', ...fds.map(() => 'pipe' as const)],
  });
  const data = new Map(fds.map((fd) => [fd, randomBytes(300_000 + fd)]));
  const back = await Promise.all(
    fds.map(async (fd) => {
      const stream = child.stdio[fd] as Socket;
      stream.end(data.get(fd) as Buffer);
      const chunks: Buffer[] = [];
      for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks);
    }),
  );
  for (const [i, fd] of fds.entries()) assert.ok(back[i]?.equals(data.get(fd) as Buffer), `fd ${fd}`);
  assert.is(await codeOf(child), 0);
});

test('extra descriptors: pipes between descriptors of this program that change places', async () => {
  const files = ['a', 'b', 'c'].map((name) => openSync(join(folder, `between-${name}`), 'w+'));
  const [a, b, c] = files as [number, number, number];
  // Each of them, moved by one place: what is not free any more is the next one's source.
  const highest = Math.max(...files) + 2;
  const stdio: StdioInput[] = Array.from({ length: highest + 1 }, (_, fd) => (fd < 3 ? 'ignore' : 'pipe'));
  stdio[1] = 'pipe';
  for (const [from, to] of [
    [a, b],
    [b, c],
    [c, a],
  ] as const) {
    stdio[to] = from;
  }
  const script = `readlink /proc/$$/fd/${a} /proc/$$/fd/${b} /proc/$$/fd/${c}; echo through >&${highest}`;
  await using child = await bare().spawn('bash', ['-c', script], { stdio });
  const printed = await Promise.all([textOf(child.stdout), textOf(child.stdio[highest] as Socket)]);
  for (const fd of files) closeSync(fd);
  const path = (name: string) => join(folder, `between-${name}`);
  assert.equal(printed, [`${path('c')}\n${path('a')}\n${path('b')}\n`, 'through\n']);
});

/** The files that the descriptors 0 to 7 of a command are, if those of the program that starts it are the files 0 to 5. */
async function filesOf(stdio: readonly StdioInput[]): Promise<(number | undefined)[]> {
  const [file, args] = programOf(`
    const stdio = ${JSON.stringify(stdio)};
    const script = 'links=$(for fd in 0 1 2 3 4 5 6 7; do readlink /proc/$$/fd/$fd || echo; done); echo "$links" > "$OUT"';
    await (await bare().spawn('sh', ['-c', script], { stdio })).exited;
  `);
  const fds = Array.from({ length: 6 }, (_, i) => openSync(join(folder, `number-${i}`), 'w'));
  const out = join(folder, 'links');
  const child = spawn(file, args, { stdio: fds, cwd: repository, env: { ...process.env, OUT: out } });
  await once(child, 'exit');
  for (const fd of fds) closeSync(fd);
  const links = readFileSync(out, 'utf8').split('\n').slice(0, 8);
  // The shell has a pipe of its own above those that it was given.
  return links.flatMap((link) => /number-(\d)$/.exec(link)?.slice(1).map(Number) ?? []);
}

for (const stdio of [
  [1, 0, 2],
  [2, 0, 1],
  [1, 1, 1],
  [3, 4, 5, 0, 1, 2],
  [5, 4, 3, 2, 1, 0],
  [0, 1, 2, 5, 3, 4],
  ['inherit', 'inherit', 'inherit', 4, 5, 3],
  ['inherit', 'inherit', 'inherit', 'inherit', 5, 4],
] as const) {
  test(`dense maps: ${JSON.stringify(stdio)}`, async () => {
    assert.equal(
      await filesOf(stdio),
      stdio.map((entry, fd) => (entry === 'inherit' ? fd : entry)),
    );
  });
}

test('many descriptors: also in the places of those that the launch itself uses', async () => {
  const stdio: StdioInput[] = Array.from({ length: 60 }, (_, i) => (i === 1 || i === 59 ? 'pipe' : 'ignore'));
  const script = 'readlink /proc/$$/fd/58; echo near; echo far >&59';
  await using child = await bare().dieWithParent().spawn('bash', ['-c', script], { stdio });
  assert.equal(await Promise.all([textOf(child.stdout as Socket), textOf(child.stdio[59] as Socket)]), [
    '/dev/null\nnear\n',
    'far\n',
  ]);
  assert.is(await codeOf(child), 0);
});

test('a command can open /dev/stdout again', async () => {
  const script = 'echo one; echo two > /dev/stdout; echo three > /dev/stderr; cat /dev/stdin';
  await using child = await start('pipe', script);
  child.stdin?.end('four\n');
  assert.equal(await Promise.all([textOf(child.stdout), textOf(child.stderr)]), ['one\ntwo\nfour\n', 'three\n']);
});

test('what a spec says of stdio is done, unless spawn says otherwise', async () => {
  const box = bare().stdio(['ignore', 'pipe', 'ignore']);
  await using one = await box.spawn('echo', ['one']);
  assert.is(await textOf(one.stdout as Socket), 'one\n');
  await using other = await box.spawn('sh', ['-c', 'echo other >&2'], { stdio: ['ignore', 'ignore', 'pipe'] });
  assert.equal([other.stdout, await textOf(other.stderr as Socket)], [null, 'other\n']);
});

test('a program that has closed its standard input can start commands', () => {
  const [file, args] = programOf(`
    const { closeSync } = await import('node:fs');
    closeSync(0);
    const { stdout } = await bare().run('sh', ['-c', 'cat; readlink /proc/$$/fd/0']);
    process.stdout.write(stdout);
    const child = await bare().spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end('through');
    for await (const chunk of child.stdout) process.stdout.write(chunk);
  `);
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository, timeout: 10_000 });
  assert.equal([stdout, stderr], ['/dev/null\nthrough', '']);
});

test('the descriptors of this program are left as they block, or do not', async () => {
  const [readEnd, writeEnd] = pipe2(O.NONBLOCK | O.CLOEXEC);
  const [otherRead, otherWrite] = pipe2(O.CLOEXEC);
  const isBlocking = (fd: number) => (fcntl_getfl(fd) & O.NONBLOCK) === 0;
  try {
    await using child = await start(['ignore', otherWrite, 'ignore', readEnd, writeEnd], 'echo out');
    assert.is(await codeOf(child), 0);
    assert.equal([isBlocking(readEnd), isBlocking(writeEnd)], [false, false]);
    assert.equal([isBlocking(otherRead), isBlocking(otherWrite)], [true, true]);
    write(otherWrite, 'more\n');
    assert.is(read(otherRead, 100).toString(), 'out\nmore\n');
  } finally {
    for (const fd of [readEnd, writeEnd, otherRead, otherWrite]) closeSync(fd);
  }
});

test('after a command that inherits them, stdin, stdout and stderr block as before', () => {
  const [file, args] = programOf(`
    const flags = () => [0, 1, 2].map((fd) => sys.fcntl_getfl(fd) & sys.O.NONBLOCK).join();
    const before = flags();
    await (await bare().spawn('true')).exited;
    sys.write(1, before + ' ' + flags());
  `);
  const { stdout } = spawnSync('sh', ['-c', 'true | "$0" "$@" | cat', file, ...args], {
    encoding: 'utf8',
    cwd: repository,
  });
  assert.is(stdout, '0,0,0 0,0,0');
});

test('run() collects what is printed, and gives no input', async () => {
  const result = await bare().run('sh', ['-c', 'cat; echo out; echo err >&2; exit 2']);
  assert.equal(
    [result.stdout, result.stderr, result.exit.kind === 'exited' && result.exit.code],
    ['out\n', 'err\n', 2],
  );
  assert.is(printed(await bare().run('printf', ['ü\\303'])), 'ü�');
});

test.run();
