// Named boxes: found by other programs, and nobody else's; what is written down of those that are gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { holdName } from '../src/builder/box/name-socket.js';
import { openStateFolder } from '../src/builder/box/state-folder.js';
import { bare, boxNames, findBox, isolate, SpecError } from '../src/index.js';
import { close as closeDescriptor } from '../src/sys/index.js';
import { either, freshProcRefused, rootOnly, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { openDescriptors } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { initsIn, isGone, printedIn, rejection, until } from './helpers/places.js';
import { moduleFile, programOf, repository } from './helpers/program.js';

const folder = foldersFor(test);
const noProc = either(userNamespacesRefused(), freshProcRefused());

const runtime = folder();
const before = process.env.XDG_RUNTIME_DIR;
process.env.XDG_RUNTIME_DIR = runtime;
test.after(() => {
  if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = before;
});
const state = join(runtime, 'isolate');
const noteOf = (name: string) => join(state, `${name}.json`);

/** What is exported at the top, and a part of it that is not. */
const imports = `
  const { boxNames, findBox } = await import(${JSON.stringify(pathToFileURL(moduleFile('index')).href)});
  const { reserveName } = await import(${JSON.stringify(pathToFileURL(moduleFile('builder/box/names')).href)});
  const stays = () => setTimeout(() => {}, 1e6);
`;

/** Runs a program up to a line that it prints. */
async function startProgram(code: string) {
  const child = spawn(...programOf(`${imports}${code}`), { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = await inTime(once(lines, 'line'), 'the program');
  return { child, exited, line: line as string };
}

async function endBySigkill({ child, exited }: Awaited<ReturnType<typeof startProgram>>): Promise<void> {
  child.kill('SIGKILL');
  await exited;
}

skipUnless(test, noProc, 'another program finds a box, and ends it for all', async () => {
  const box = await isolate().file('/tmp/file', 'text').env({ A: 'b' }).open({ name: 'shared' });
  assert.is(box.name, 'shared');
  assert.equal(await boxNames(), ['shared']);
  const { line, exited } = await startProgram(`
    const names = await boxNames();
    const box = await findBox('shared');
    const { stdout } = await box.run('sh', ['-c', 'cat /tmp/file; echo " $A"; touch /tmp/mine']);
    const { snapshot, ...spec } = box.spec;
    console.log(JSON.stringify([names, box.pid, box.name, stdout, spec]));
    await box[Symbol.asyncDispose]();
    const again = await findBox('shared');
    await again.close();
  `);
  assert.equal(JSON.parse(line), [['shared'], box.pid, 'shared', 'text b\n', JSON.parse(JSON.stringify(box.spec))]);
  await inTime(exited, 'the program');
  await inTime(box.closed, 'the box');
  assert.ok(!box.isOpen && !existsSync(noteOf('shared')));
  assert.equal(await boxNames(), []);
  assert.is((await rejection(findBox('shared'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND');
});

skipUnless(test, noProc, 'letting go of a box that was found ends nothing, and holds nothing', async () => {
  const other = await isolate().open({ name: 'mine' });
  await Promise.all(Array.from({ length: 4 }, () => other.run('true')));
  const descriptors = openDescriptors().length;
  for (let i = 0; i < 20; i++) {
    const found = await findBox('mine');
    const running = await found.spawn('sleep', ['100'], { stdio: 'ignore' });
    found.leave();
    assert.ok(!found.isOpen && !isGone(running.pid));
    assert.is((await rejection(found.run('true'))).code, 'ERR_ISOLATE_BOX_CLOSED');
    await found.close();
    await running[Symbol.asyncDispose]();
  }
  {
    await using _ = await findBox('mine');
  }
  await until(() => openDescriptors().length === descriptors, 'nothing is held');
  assert.ok(other.isOpen);
  await other.close();
});

skipUnless(test, noProc, 'a name is free again when its box ends, and taken before', async () => {
  const box = await isolate().open({ name: 'one' });
  const taken = await rejection(isolate().open({ name: 'one' }));
  assert.is(taken.code, 'ERR_ISOLATE_NAME_TAKEN');
  assert.match(taken.message, `is held by process ${box.pid}`);
  await using _ = await isolate().open({ name: 'two' });
  assert.equal(await boxNames(), ['one', 'two']);
  await box.close();
  assert.equal(await boxNames(), ['two']);
  await using again = await isolate().open({ name: 'one' });
  process.kill(again.pid, 'SIGKILL');
  await inTime(again.closed, 'the box');
  assert.equal(await boxNames(), ['two']);
});

skipUnless(test, noProc, 'of several who take a name at the same moment one gets it', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, () =>
      isolate()
        .open({ name: 'same' })
        .catch((error) => error.code as string),
    ),
  );
  const boxes = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : [outcome]));
  assert.is(boxes.length, 1);
  assert.is(outcomes.filter((outcome) => outcome === 'ERR_ISOLATE_NAME_TAKEN').length, 7);
  await boxes[0]?.close();

  const go = join(folder(), 'go');
  const programs = await Promise.all(
    [1, 2, 3].map(() =>
      startProgram(`
        const { existsSync } = await import('node:fs');
        console.log('waits');
        while (!existsSync(${JSON.stringify(go)}));
        const outcome = await isolate().open({ name: 'same' }).then(() => 0, ({ code }) => code === 'ERR_ISOLATE_NAME_TAKEN' ? 1 : 2);
        if (outcome === 0) await new Promise((done) => setTimeout(done, 1000));
        process.exit(outcome);
      `),
    ),
  );
  writeFileSync(go, '');
  const codes = await inTime(Promise.all(programs.map(({ exited }) => exited)), 'the programs');
  assert.equal(codes.map(([code]) => code).sort(), [0, 1, 1]);
});

skipUnless(test, noProc, 'names that are none are refused', async () => {
  const wrongCharacters = ['', '.', '..', '.hidden', '-x', 'a/b', '../a', 'a b', 'a\0', 'ä'];
  for (const name of [...wrongCharacters, 'x'.repeat(65), 5 as never, '5', '4711']) {
    for (const promise of [isolate().open({ name }), findBox(name)]) {
      const error = await rejection(promise);
      assert.is(error instanceof SpecError && error.field, 'name', JSON.stringify(name));
    }
  }
  const error = await rejection(isolate().open({ detached: true }));
  assert.is(error instanceof SpecError && error.field, 'detached');
  for (const name of [`${'x'.repeat(60)}._-9`, '4711.', '1x']) {
    await using _ = await isolate().open({ name });
    assert.equal(await boxNames(), [name]);
  }
});

skipUnless(test, noProc, 'an opening that fails or is aborted leaves no name', async () => {
  assert.is((await rejection(isolate().rootfs('/nonexistent').open({ name: 'failed' }))).name, 'SpecError');
  const failed = await rejection(isolate().cwd('/nonexistent').open({ name: 'failed' }));
  assert.is(failed.code, 'ENOENT');
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController();
    const opening = isolate().open({ name: 'aborted', signal: controller.signal });
    await setTimeout(i % 5);
    controller.abort();
    await opening.then((box) => box.close()).catch(({ name }) => assert.is(name, 'AbortError'));
  }
  assert.equal(await boxNames(), []);
  assert.equal(readdirSync(state), ['.lock']);
});

skipUnless(
  test,
  noProc,
  'a box ends with its program, and what is written down of it is known to be stale',
  async () => {
    const program = await startProgram(
      "const box = await isolate().open({ name: 'stale' }); console.log(box.pid); stays();",
    );
    assert.equal(await boxNames(), ['stale']);
    await endBySigkill(program);
    await until(() => isGone(Number(program.line)), 'the box');
    assert.ok(existsSync(noteOf('stale')));
    assert.is((await rejection(findBox('stale'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND');
    assert.ok(!existsSync(noteOf('stale')));
  },
);

skipUnless(test, noProc, 'a detached box goes on without its program, and is closed by another', async () => {
  const program = await startProgram(`
    const box = await isolate().file('/tmp/file', 'text').open({ name: 'detached', detached: true });
    console.log(box.pid);
    process.exit();
  `);
  await program.exited;
  const box = await findBox('detached');
  assert.is(box.pid, Number(program.line));
  assert.is(await printedIn(box, 'cat /tmp/file'), 'text');
  await inTime(box.close(), 'close');
  assert.ok(isGone(box.pid));
  assert.equal(await boxNames(), []);
});

skipUnless(test, noProc, 'await using lets a detached box go', async () => {
  {
    await using _ = await isolate().open({ name: 'let-go', detached: true });
  }
  const box = await findBox('let-go');
  await box.close();
});

skipUnless(
  test,
  noProc,
  'a program that is killed while it opens a detached box leaves none that nobody can find',
  async () => {
    const seen = { found: 0, gone: 0 };
    for (let i = 0; i < 24; i++) {
      const directory = folder();
      const program = await startProgram(`
      await (await isolate().open()).close();
      console.log('begins');
      await bare().unshare('user', 'mount', 'pid').cwd(${JSON.stringify(directory)}).open({ name: 'torn', detached: true });
      stays();
    `);
      await setTimeout(i / 2);
      await endBySigkill(program);
      const box = await findBox('torn').catch(() => undefined);
      if (box !== undefined) {
        // It was set free, or was to end with its program and does.
        await until(() => isGone(box.pid) || initsIn(directory).length === 1, 'it is there');
        await box.close();
        seen.found++;
      } else seen.gone++;
      await until(() => initsIn(directory).length === 0, `round ${i}`);
      assert.equal(await boxNames(), []);
    }
    assert.ok(seen.gone + seen.found === 24);
    console.log(`killed while opening: ${JSON.stringify(seen)}`);
  },
);

skipUnless(
  test,
  noProc,
  'a socket without a note, of a program that was killed meanwhile, is removed once nobody has it',
  async () => {
    const held = holdName(openStateFolder(), 'bare.sock');
    assert.equal(await boxNames(), []);
    assert.ok(existsSync(join(state, 'bare.sock')));
    closeDescriptor(held);
    assert.equal(await boxNames(), []);
    assert.not(existsSync(join(state, 'bare.sock')));
  },
);

skipUnless(test, noProc, 'a name that its program could not give to a box any more is free', async () => {
  const program = await startProgram("await reserveName('reserved'); console.log(process.pid); stays();");
  const taken = await rejection(isolate().open({ name: 'reserved' }));
  assert.match(taken.message, `is being opened by process ${program.line}`);
  assert.equal(await boxNames(), []);
  assert.is((await rejection(findBox('reserved'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND');
  await endBySigkill(program);
  await using box = await isolate().open({ name: 'reserved' });
  assert.ok(box.isOpen);
});

/** Changes what is written down of a box. */
function rewrite(name: string, change: (note: Record<string, Record<string, unknown>>) => unknown): void {
  const note = JSON.parse(readFileSync(noteOf(name), 'utf8'));
  writeFileSync(noteOf(name), JSON.stringify(change(note)));
}

skipUnless(test, noProc, 'a note that names another process is not believed', async () => {
  for (const change of [
    { startTime: '1' },
    { pid: process.pid },
    { pid: 2 ** 30 },
    { boot: 'another start of the machine' },
  ]) {
    await using box = await isolate().open({ name: 'other' });
    rewrite('other', (note) => ({ ...note, holder: { ...note.holder, ...change } }));
    assert.is((await rejection(findBox('other'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND', JSON.stringify(change));
    assert.ok(!existsSync(noteOf('other')));
    assert.ok(box.isOpen);
  }
});

skipUnless(test, noProc, 'a note of another PID or time namespace is left alone', async () => {
  for (const change of [{ pidNamespace: 1 }, { timeNamespace: 1 }]) {
    await using _ = await isolate().open({ name: 'elsewhere' });
    rewrite('elsewhere', (note) => ({ ...note, holder: { ...note.holder, ...change } }));
    assert.is((await rejection(findBox('elsewhere'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND');
    assert.match((await rejection(isolate().open({ name: 'elsewhere' }))).message, 'another PID or time namespace');
  }
});

skipUnless(
  test,
  noProc,
  'in another PID namespace a box has its name as long as it is there, whatever became of its program',
  async () => {
    for (const [detached, end] of [
      [true, 'process.exit();'],
      [false, 'stays();'],
    ] as const) {
      const code = `const box = await bare().unshare('user').open({ name: 'service', detached: ${detached} }); console.log(box.pid); ${end}`;
      const [file, args] = programOf(`${imports}${code}`);
      const container = await bare()
        .unshare('user', 'mount', 'pid')
        .cwd(repository)
        .spawn('sh', ['-c', '"$@"; sleep 1000', 'sh', file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: container.stdout as NodeJS.ReadableStream });
      const [pid] = await inTime(once(lines, 'line'), 'the program');
      assert.equal(await boxNames(), []);
      assert.is((await rejection(findBox('service'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND');
      const taken = await rejection(isolate().open({ name: 'service' }));
      assert.is(taken.code, 'ERR_ISOLATE_NAME_TAKEN');
      assert.match(taken.message, `is held by process ${pid} of another PID or time namespace`);

      process.kill(container.pid, 'SIGKILL');
      await inTime(container.exited, 'the end of the other PID namespace');
      assert.ok(existsSync(noteOf('service')));
      const box = await isolate().open({ name: 'service' });
      assert.equal(await boxNames(), ['service']);
      await box.close();
      assert.equal(readdirSync(state), ['.lock']);
    }
  },
);

skipUnless(
  test,
  noProc,
  'what is left of a box in another PID namespace is removed by who comes across it',
  async () => {
    await using _ = await isolate().open({ name: 'across' });
    rewrite('across', (note) => ({ ...note, holder: { ...note.holder, pidNamespace: 1 } }));
    assert.equal(await boxNames(), []);
    assert.ok(existsSync(noteOf('across')));
    rmSync(join(state, 'across.sock'));
    assert.equal(await boxNames(), []);
    assert.ok(!existsSync(noteOf('across')));
  },
);

skipUnless(test, noProc, 'a note or a socket that nobody can read or write to is in the way of no other', async () => {
  await using _ = await isolate().open({ name: 'readable' });
  await using closed = await isolate().open({ name: 'closed' });
  chmodSync(noteOf('closed'), 0);
  mkdirSync(noteOf('directory'));
  assert.equal(await boxNames(), process.geteuid?.() === 0 ? ['closed', 'readable'] : ['readable']);
  const { length } = await boxNames();
  chmodSync(noteOf('closed'), 0o600);
  rmSync(noteOf('directory'), { recursive: true });
  // What cannot be asked is held.
  rewrite('closed', (note) => ({ ...note, holder: { ...note.holder, pidNamespace: 1 } }));
  chmodSync(join(state, 'closed.sock'), 0);
  assert.equal(await boxNames(), ['readable']);
  assert.is((await rejection(isolate().open({ name: 'closed' }))).code, 'ERR_ISOLATE_NAME_TAKEN');
  assert.ok(length > 0 && closed.isOpen);
  rmSync(noteOf('closed'));
});

skipUnless(test, noProc, 'a name is held whatever the umask, and however long the path of the folder is', async () => {
  const long = join(folder(), 'x'.repeat(200));
  mkdirSync(long, { mode: 0o700 });
  process.env.XDG_RUNTIME_DIR = long;
  try {
    const name = 'y'.repeat(64);
    await (await isolate().open({ name })).close();
    const umask = process.umask(0o377);
    await using _ = await isolate()
      .open({ name })
      .finally(() => process.umask(umask));
    const [note, socket] = ['json', 'sock'].map((ending) => join(long, 'isolate', `${name}.${ending}`)) as [
      string,
      string,
    ];
    assert.is(statSync(socket).mode & 0o777, 0o600);
    const { holder, spec } = JSON.parse(readFileSync(note, 'utf8'));
    chmodSync(note, 0o600);
    writeFileSync(note, JSON.stringify({ holder: { ...holder, pidNamespace: 1 }, spec }));
    for (let times = 0; times < 20; times++) {
      assert.is((await rejection(isolate().open({ name }))).code, 'ERR_ISOLATE_NAME_TAKEN');
    }
  } finally {
    process.env.XDG_RUNTIME_DIR = runtime;
  }
});

// Of others nobody but root sees them.
skipUnless(test, either(noProc, rootOnly()), 'only the init of a box has the socket of its name', async () => {
  const heldBy = (pid: number | 'self') =>
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return [];
      }
    });
  await using box = await isolate().open({ name: 'held' });
  const held = heldBy(box.pid);
  assert.is(held.length, 2, held.join());
  const [socket, pipe] = held as [string, string];
  assert.match(socket, /^socket:/);
  assert.match(pipe, /^pipe:/);
  assert.not(heldBy('self').includes(socket));
  await using running = await box.spawn('sleep', ['100'], { stdio: 'ignore' });
  assert.not(heldBy(running.pid).includes(socket));
});

skipUnless(test, noProc, 'a box of a spec that this version does not know keeps its name', async () => {
  await using _ = await isolate().open({ name: 'newer' });
  rewrite('newer', (note) => ({ ...note, spec: { version: 99 } }));
  assert.is((await rejection(isolate().open({ name: 'newer' }))).code, 'ERR_ISOLATE_NAME_TAKEN');
  assert.is((await rejection(findBox('newer'))).code, 'ERR_ISOLATE_STATE');
});

skipUnless(test, noProc, 'what is no note is nothing, and in nobody’s way', async () => {
  for (const text of ['', '{', 'null', '5', '{}', '{"holder":5}', '{"holder":{"pid":-1},"spec":null}']) {
    mkdirSync(state, { recursive: true, mode: 0o700 });
    writeFileSync(noteOf('junk'), text);
    writeFileSync(join(state, 'no name.json'), text);
    assert.equal(await boxNames(), [], text);
    assert.is((await rejection(findBox('junk'))).code, 'ERR_ISOLATE_BOX_NOT_FOUND', text);
    await using box = await isolate().open({ name: 'junk' });
    assert.equal(await boxNames(), ['junk']);
    await box.close();
  }
  rmSync(join(state, 'no name.json'));
});

skipUnless(test, noProc, 'the end of a box is told, whatever became of the folder', async () => {
  const box = await isolate().open({ name: 'homeless' });
  rmSync(state, { recursive: true });
  await inTime(box.close(), 'close');
  const other = await isolate().open({ name: 'homeless' });
  process.env.XDG_RUNTIME_DIR = '/nonexistent';
  try {
    await inTime(other.close(), 'close');
  } finally {
    process.env.XDG_RUNTIME_DIR = runtime;
  }
  assert.equal(await boxNames(), []);
});

/** What happens with this as the runtime directory. */
async function withRuntime(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = path;
  try {
    await boxNames();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    process.env.XDG_RUNTIME_DIR = runtime;
  }
}

test('a state folder that others can change, or that leads elsewhere, is refused', async () => {
  const open = folder();
  mkdirSync(join(open, 'isolate'));
  chmodSync(join(open, 'isolate'), 0o777);
  assert.is(await withRuntime(open), 'ERR_ISOLATE_STATE');
  const linked = folder();
  symlinkSync(folder(), join(linked, 'isolate'));
  assert.is(await withRuntime(linked), 'ERR_ISOLATE_STATE');
  const file = folder({ isolate: '' });
  assert.is(await withRuntime(file), 'ERR_ISOLATE_STATE');
});

skipUnless(
  test,
  process.geteuid?.() === 0 ? 'root has /run/isolate' : undefined,
  'without a directory of its own nobody writes anything down',
  async () => {
    const open = folder();
    chmodSync(open, 0o777);
    for (const path of [undefined, '', 'relative', '/nonexistent', open, '/', '/tmp']) {
      assert.is(await withRuntime(path), 'ERR_ISOLATE_STATE', path);
    }
  },
);

skipUnless(test, rootOnly(), "root does not write into another user's runtime directory", async () => {
  const theirs = folder();
  chownSync(theirs, 1000, 1000);
  assert.is(await withRuntime(theirs), undefined);
  assert.equal(readdirSync(theirs), []);
  const state = folder();
  mkdirSync(join(state, 'isolate'));
  chownSync(join(state, 'isolate'), 1000, 1000);
  assert.is(await withRuntime(state), 'ERR_ISOLATE_STATE');
});

test.run();
