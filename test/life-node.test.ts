// A Node program around its commands: what keeps it going, its workers, its own descriptors, its memory.
import { type SpawnSyncOptions, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isRoot, skipUnless } from './helpers/can.js';
import { library, programOf, quoted, repository } from './helpers/program.js';

/** Runs a program of its own to its end. A program that does not end is killed, and has no status. */
function runProgram(code: string, options: SpawnSyncOptions = {}): SpawnSyncReturns<string> {
  const usual = { encoding: 'utf8', cwd: repository, timeout: 60_000, killSignal: 'SIGKILL' } as const;
  return spawnSync(...programOf(code), { ...usual, ...options }) as SpawnSyncReturns<string>;
}

/** What a program prints; it has to end well. */
function printed(code: string, options?: SpawnSyncOptions): string {
  const { status, signal, stdout, stderr } = runProgram(code, options);
  assert.is(status, 0, `${signal ?? ''} ${stderr}`);
  assert.is(stderr ?? '', '');
  return stdout;
}

/** The process is gone, or nobody has waited for it yet. */
function isGone(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return true;
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

test('a program goes on until its command has ended', () => {
  const out = printed(`
    for (const sandbox of [bare(), isolate()]) {
      const { exited } = await sandbox.spawn('sleep', ['0.3'], { stdio: 'ignore' });
      void exited.then(({ kind }) => console.log(kind));
    }
  `);
  assert.is(out, 'exited\nexited\n');
});

test('a program goes on while a launch is under way', () => {
  assert.is(printed(`void isolate().run('echo', ['done']).then(({ stdout }) => console.log(stdout));`), 'done\n\n');
});

test('unref lets the program go, and the command may outlive it', () => {
  const out = printed(`
    const running = await bare().spawn('sleep', ['100'], { stdio: 'ignore' });
    running.unref();
    running.unref();
    console.log(running.pid);
  `);
  const pid = Number(out);
  assert.ok(!isGone(pid), 'it is there');
  process.kill(pid, 'SIGKILL');
});

test('a command that is to die with its parent does', async () => {
  const out = printed(`
    for (const sandbox of [isolate(), bare().dieWithParent()]) {
      const running = await sandbox.spawn('sleep', ['100'], { stdio: 'ignore' });
      running.unref();
      console.log(running.pid);
    }
  `);
  const pids = out.trim().split('\n').map(Number);
  assert.is(pids.length, 2);
  for (let times = 0; times < 500 && !pids.every(isGone); times++) await new Promise((done) => setTimeout(done, 10));
  assert.equal(pids.map(isGone), [true, true]);
});

test('ref holds the program again', () => {
  const out = printed(`
    const running = await bare().spawn('sleep', ['0.3'], { stdio: 'ignore' });
    running.unref();
    running.ref();
    running.ref();
    void running.exited.then(({ kind }) => console.log(kind));
  `);
  assert.is(out, 'exited\n');
});

test('one that is let go does not let go of another', () => {
  const out = printed(`
    const [first, second] = await Promise.all([1, 2].map(() => bare().spawn('sleep', ['0.3'], { stdio: 'ignore' })));
    first.unref();
    void second.exited.then(({ kind }) => console.log(kind));
  `);
  assert.is(out, 'exited\n');
});

test('ref and unref after the end hold nothing', () => {
  const out = printed(`
    const running = await bare().spawn('true', [], { stdio: 'ignore' });
    await running.exited;
    running.ref();
    running.unref();
    running.ref();
    console.log('ended');
  `);
  assert.is(out, 'ended\n');
});

test('after its commands a program has nothing that holds it', () => {
  const out = printed(`
    await Promise.all([isolate().run('true'), bare().run('true'), bare().run('/nonexistent').catch(() => {})]);
    const held = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FSReqCallback)/.test(name));
    console.log(JSON.stringify(held));
  `);
  assert.is(out, '[]\n');
});

test('an import alone holds nothing', () => {
  assert.is(printed('console.log(typeof isolate)'), 'function\n');
});

/** What a worker runs: several commands at once, of all kinds. */
const manyCommands = `
  const { parentPort } = await import('node:worker_threads');
  const ids = Array.from({ length: 12 }, (_, i) => i);
  const results = await Promise.all(ids.map(async (id) => {
    const sandbox = id % 2 === 0 ? isolate() : bare();
    const { stdout, exit } = await sandbox.run('sh', ['-c', 'echo $0; exit $0', String(id)]);
    return stdout === id + '\\n' && exit.code === id;
  }));
  const failed = await bare().spawn('/nonexistent').catch((error) => error.reason);
  parentPort.postMessage(results.every((worked) => worked) && failed === 'command-not-found');
`;

/** What is in a main thread: a function that runs a worker to its end, and tells what it said and its exit code. */
const runWorker = `
  const runWorker = (file, started = () => {}) => new Promise((resolve, reject) => {
    const worker = new Worker(file);
    let said = null;
    worker.on('message', (message) => { said = message; });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve([said, code]));
    worker.on('online', () => started(worker));
  });
`;

/** Runs a program with workers that have the library and run `code`; its main thread, `main`, does not have it. */
function withWorkers(code: string, main: string, before = ''): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'isolate-'));
  try {
    const [file, mainFile] = [join(folder, 'worker.mjs'), join(folder, 'main.mjs')];
    writeFileSync(
      file,
      `${before}
${library}
${code}`,
    );
    writeFileSync(
      mainFile,
      `import { Worker } from 'node:worker_threads';
      const file = ${JSON.stringify(file)};
      ${runWorker}
      ${main}`,
    );
    const usual = { encoding: 'utf8', cwd: repository, timeout: 60_000, killSignal: 'SIGKILL' } as const;
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [mainFile], usual);
    assert.is(status, 0, `${signal ?? ''} ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('in several workers at once, and in no main thread', () => {
  const main = 'console.log(JSON.stringify(await Promise.all([1, 2, 3, 4].map(() => runWorker(file)))));';
  assert.equal(withWorkers(manyCommands, main), new Array(4).fill([true, 0]));
});

test('many workers that load the library at the same moment', () => {
  const main = `
    const count = 12;
    const met = new Int32Array(new SharedArrayBuffer(4));
    const run = () => new Promise((resolve, reject) => {
      const worker = new Worker(file, { workerData: { met, count } });
      worker.on('error', reject);
      worker.on('exit', resolve);
    });
    console.log(JSON.stringify(await Promise.all(Array.from({ length: count }, run))));
  `;
  const meet = `
    const { workerData: { met, count } } = await import('node:worker_threads');
    Atomics.add(met, 0, 1);
    Atomics.notify(met, 0);
    for (let here = Atomics.load(met, 0); here < count; here = Atomics.load(met, 0)) Atomics.wait(met, 0, here);
  `;
  for (let times = 0; times < 4; times++) {
    assert.equal(withWorkers("await bare().run('true');", main, meet), new Array(12).fill(0));
  }
});

test('in one worker after the other', () => {
  const main = 'console.log(JSON.stringify([await runWorker(file), await runWorker(file), await runWorker(file)]));';
  assert.equal(withWorkers(manyCommands, main), new Array(3).fill([true, 0]));
});

test('in workers and in the main thread', () => {
  const main = `
    ${library}
    const workers = [1, 2].map(() => runWorker(file));
    const mine = await Promise.all(Array.from({ length: 24 }, () => isolate().run('true')));
    console.log(JSON.stringify([mine.every(({ exit }) => exit.code === 0), ...(await Promise.all(workers))]));
  `;
  assert.equal(withWorkers(manyCommands, main), [true, [true, 0], [true, 0]]);
});

test('a worker may end while its commands run', () => {
  const code = `
    await bare().dieWithParent().spawn('sleep', ['100'], { stdio: 'pipe' });
    await isolate().spawn('sleep', ['100'], { stdio: 'ignore' });
    process.exit(3);
  `;
  const main = 'console.log(JSON.stringify(await Promise.all([1, 2, 3].map(() => runWorker(file)))));';
  assert.equal(withWorkers(code, main), new Array(3).fill([null, 3]));
});

test('a worker may be ended while its commands run', () => {
  const code = `
    const { parentPort } = await import('node:worker_threads');
    await Promise.all([isolate(), bare().dieWithParent()].map((sandbox) => sandbox.spawn('sleep', ['100'], { stdio: 'pipe' })));
    parentPort.postMessage('started');
  `;
  const main = `
    const ended = [1, 2, 3].map(() => runWorker(file, (worker) => worker.on('message', () => worker.terminate())));
    console.log(JSON.stringify(await Promise.all(ended)));
  `;
  assert.equal(withWorkers(code, main), new Array(3).fill(['started', 1]));
});

test('a worker that ends closes nothing that is not its own', () => {
  const code = `
    const { parentPort } = await import('node:worker_threads');
    const warnings = [];
    process.on('warning', ({ message }) => warnings.push(message));
    const ends = await Promise.all(Array.from({ length: 8 }, async () => {
      const { exit, snapshot } = await isolate().snapshot('/var/tmp').run('true');
      await snapshot.discard();
      await bare().run('/nonexistent').catch(() => {});
      ${isRoot ? "await isolate().bind('.', '/data', { idmap: { users: ['0:1000:1'] } }).run('true');" : ''}
      return exit.code;
    }));
    await new Promise(setImmediate);
    parentPort.postMessage([...ends, ...warnings]);
    await new Promise((resolve) => parentPort.once('message', resolve));
    process.exit(0);
  `;
  const main = `
    const { fstatSync, openSync } = await import('node:fs');
    const mine = [];
    const [said, status] = await runWorker(file, (worker) => worker.on('message', () => {
      // They take the numbers that are free now.
      for (let i = 0; i < 100; i++) mine.push(openSync('/dev/null'));
      worker.postMessage('end');
    }));
    const isOpen = (fd) => { try { return fstatSync(fd).isCharacterDevice(); } catch { return false; } };
    console.log(JSON.stringify([said, status, mine.filter((fd) => !isOpen(fd))]));
  `;
  assert.equal(withWorkers(code, main), [new Array(8).fill(0), 0, []]);
});

test('a worker may end while launches are under way', () => {
  const code = `
    setTimeout(() => process.exit(5), 20 + Math.random() * 200);
    for (;;) await Promise.all([isolate().run('true'), bare().run('true'), bare().run('/nonexistent').catch(() => {})]);
  `;
  const main = 'console.log(JSON.stringify(await Promise.all([1, 2, 3, 4, 5].map(() => runWorker(file)))));';
  assert.equal(withWorkers(code, main), new Array(5).fill([null, 5]));
});

/** What a program writes to a file, whose own descriptors are as the shell says. */
function withDescriptors(redirections: string, code: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'isolate-'));
  try {
    const file = join(folder, 'result');
    const program = `
      const { writeFileSync } = await import('node:fs');
      const result = async () => { ${code} };
      const told = await result().catch(({ message }) => message);
      writeFileSync(${JSON.stringify(file)}, JSON.stringify(told));
    `;
    const { status } = spawnSync('sh', ['-c', `${quoted(programOf(program))} ${redirections}`], {
      cwd: repository,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    assert.is(status, 0, redirections);
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const inheritAndPipe = `
  const codes = [];
  for (const sandbox of [bare(), isolate()]) {
    for (const stdio of ['inherit', 'pipe', 'ignore', ['pipe', 'pipe', 'inherit', 'pipe', 'ignore', 2]]) {
      const running = await sandbox.spawn('sh', ['-c', 'cat <&0 2>/dev/null; echo out; echo err >&2; exit 7'], { stdio });
      running.stdin?.end();
      for (const stream of running.stdio) stream?.resume();
      codes.push((await running.exited).code);
    }
    const { stdout, stderr, exit } = await sandbox.run('sh', ['-c', 'cat; echo out; echo err >&2']);
    codes.push(stdout, stderr, exit.code);
  }
  return codes;
`;
const oneRound = [7, 7, 7, 7, 'out\n', 'err\n', 0];

for (const redirections of ['<&-', '>&-', '2>&-', '<&- >&- 2>&-', '</dev/null >/dev/null', '| cat 2>&1 | cat']) {
  test(`where the descriptors of Node itself are: ${redirections}`, () => {
    assert.equal(withDescriptors(redirections, inheritAndPipe), [...oneRound, ...oneRound]);
  });
}

skipUnless(
  test,
  freemem() > 2 ** 31 ? undefined : 'it takes more than 2 GiB of free memory',
  'with 1 GiB of touched memory',
  () => {
    const out = printed(`
      const touched = Buffer.alloc(2 ** 30, 1);
      const all = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? isolate() : bare()).run('echo', [String(i)]));
      const results = (await Promise.all(all)).map(({ stdout }) => Number(stdout));
      let pages = 0;
      for (let at = 0; at < touched.length; at += 4096) pages += touched[at];
      console.log(JSON.stringify([...results, pages]));
    `);
    assert.equal(JSON.parse(out), [...Array.from({ length: 16 }, (_, i) => i), 2 ** 18]);
  },
);

test.run();
