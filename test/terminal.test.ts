// A terminal of its own for a command: what it is for the command, and what it is for this program.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { thisHost } from '../src/builder/this-host.js';
import { thisHostFiles } from '../src/builder/this-host-files.js';
import {
  bare,
  type Host,
  isolate,
  type RunningProcess,
  type Sandbox,
  SpecError,
  type StdioInput,
  type Terminal,
} from '../src/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { openDescriptors } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { printed } from './helpers/inside.js';
import { childrenOf, commandOf, stateOf } from './helpers/process-tree.js';
import { programOf, repository } from './helpers/program.js';
import { runPlan } from './helpers/run-plan.js';

const folder = foldersFor(test);
const noNamespaces = either(userNamespacesRefused(), freshProcRefused());

/** All that a script prints on its terminal, line by line. */
async function shown(sandbox: Sandbox, script: string): Promise<string[]> {
  return linesOf(printed(await inTime(sandbox.tty().run('sh', ['-c', script]), script)));
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n?$/, '').split('\r\n');
}

/** Starts a script on a terminal. `seen` waits until it has printed something, and gives all that it printed so far. */
async function start(sandbox: Sandbox, script: string) {
  const child = await sandbox.spawn('sh', ['-c', script], { tty: true });
  const terminal = child.terminal as Terminal;
  let text = '';
  terminal.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const seen = async (what: string): Promise<string> => {
    const looks = async () => {
      while (!text.includes(what)) await once(terminal, 'data');
    };
    await inTime(looks(), `to see ${JSON.stringify(what)} of ${script}`);
    return text;
  };
  return { child, terminal, seen, text: () => text };
}

async function codeOf(child: RunningProcess): Promise<number> {
  const exit = await inTime(child.exited, 'the command');
  return exit.kind === 'exited' ? exit.code : -1;
}

const small = bare().unshare('user', 'mount', 'pid').dev();
const classic: Partial<Host> = { mountCalls: 'classic', openat2: false };

const places: [name: string, sandbox: Sandbox, host: Partial<Host>, path: RegExp, reason: string | undefined][] = [
  ['a terminal of the host', bare(), {}, /^\/dev\/pts\/\d+$/, undefined],
  ['a terminal of its own /dev', small, {}, /^\/dev\/pts\/0$/, noNamespaces],
  ['the same by mount(2) alone', small, classic, /^\/dev\/pts\/0$/, noNamespaces],
  ['the safe default', isolate(), {}, /^\/dev\/pts\/0$/, noNamespaces],
  ['another root', isolate().rootfs('/').dev(), {}, /^\/dev\/pts\/0$/, noNamespaces],
  ['the /dev of the host over its own', small.devBind('/dev'), {}, /^\/dev\/pts\/\d+$/, noNamespaces],
  ['its own /dev elsewhere', small.tmpfs('/dev').dev('/tmp'), {}, /^\/tmp\/pts\/0$/, noNamespaces],
];

for (const [name, sandbox, host, path, reason] of places) {
  skipUnless(test, reason, `${name}: descriptors 0, 1 and 2, and the controlling terminal`, async () => {
    const script =
      'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo three; cut -d" " -f 1,5-8 /proc/$$/stat; echo error >&2; ls /proc/self/fd';
    const tty = sandbox.cwd('/').tty();
    const plan = compile(tty.spec, { file: 'sh', args: ['-c', script] }, { ...thisHost(), ...host });
    const [own, size, three, stat, error, ...rest] = linesOf(printed(await inTime(runPlan(plan, tty.spec), name)));
    assert.match(own as string, path);
    assert.equal([size, three, error], ['24 80', 'three', 'error']);
    const [pid, group, session, device, foreground] = (stat as string).split(' ');
    assert.equal([group, session], [pid, pid], 'it leads its session and its group');
    assert.is(Number(device) >> 8, 136, 'its controlling terminal is one of /dev/pts');
    assert.ok(Number(foreground) > 0, 'somebody of its PID namespace is in front');
    assert.equal(rest.join(' ').split(/\s+/), ['0', '1', '2', '3'], 'the fourth is the directory itself');
  });
}

skipUnless(
  test,
  noNamespaces,
  'its own terminals are not those of the host, and nobody else has one there',
  async () => {
    const host = readlinkSync('/proc/self/ns/mnt');
    const [names, inside] = await shown(isolate(), 'echo $(ls /dev/pts); readlink /proc/self/ns/mnt');
    assert.is(names, '0 ptmx');
    assert.is.not(inside, host);
  },
);

for (const [name, sandbox, reason] of [
  ['of the host', bare(), rootOnly()],
  ['of its own', small.mapUsers('0:0:2000').mapGroups('0:0:2000'), either(rootOnly(), noNamespaces)],
] as const) {
  skipUnless(test, reason, `a terminal ${name} belongs to the user who has it`, async () => {
    const script = 'stat -c "%u %g" $(tty); : <$(tty) && echo opened';
    assert.equal(await shown(sandbox.uid(1000).gid(1001).cwd('/'), script), ['1000 1001', 'opened']);
  });
}

test('the streams of the process are its terminal', async () => {
  await using child = await bare().spawn('cat', [], { tty: { columns: 91, rows: 17 } });
  const { terminal } = child;
  assert.ok(terminal);
  assert.equal([child.stdin === terminal, child.stdout === terminal, child.stderr], [true, true, null]);
  assert.equal([child.stdio[0] === terminal, child.stdio[1] === terminal, child.stdio[2]], [true, true, null]);
  assert.equal([terminal.columns, terminal.rows], [91, 17]);
});

test('without tty there is none', async () => {
  await using child = await bare().spawn('true', [], { stdio: 'ignore' });
  assert.is(child.terminal, null);
});

test('what is typed comes back, and is read', async () => {
  const { child, terminal, seen } = await start(bare(), 'cat; echo ended $?');
  terminal.write('hello\n');
  assert.is(await seen('hello\r\nhello\r\n'), 'hello\r\nhello\r\n');
  terminal.end();
  await seen('ended 0');
  assert.is(await codeOf(child), 0);
});

for (const [name, before, typed] of [
  ['at the beginning of a line', '', 'one\n'],
  ['in the middle of a line', '', 'one\ntwo'],
  ['with another character for it', 'stty eof ^E; ', 'one\n'],
] as const) {
  test(`to end it types the end of the input: ${name}`, async () => {
    const { child, terminal, seen } = await start(
      bare(),
      `stty -echo; ${before}echo ready; cat >/dev/null; echo ended`,
    );
    await seen('ready');
    terminal.end(typed);
    await seen('ended');
    assert.is(await codeOf(child), 0);
  });
}

test('the end of the input is there for everybody who reads, and for a program that has changed the modes', async () => {
  const script = 'stty -echo; cat; cat; stty raw; head -c 1 | od -An -tu1; stty cooked; cat; echo ended';
  const { stdout } = await inTime(bare().run('sh', ['-c', script], { tty: true }), script);
  assert.match(stdout, /^ +4\r?\nended\r\n$/);
});

test('Ctrl-C, Ctrl-\\ and Ctrl-Z are signals for who is in front', async () => {
  const traps = 'trap "echo got INT" INT; trap "echo got QUIT" QUIT; trap "echo got TSTP" TSTP; trap "exit 7" HUP';
  const { child, terminal, seen } = await start(bare(), `${traps}; echo ready; while :; do sleep 0.05; done`);
  await seen('ready');
  for (const [typed, signal] of Object.entries({ '\x03': 'INT', '\x1c': 'QUIT', '\x1a': 'TSTP' })) {
    terminal.write(typed);
    await seen(`got ${signal}`);
  }
  child.kill('SIGHUP');
  assert.is(await codeOf(child), 7);
});

skipUnless(test, either(noNamespaces, commandMissing('bash')), 'a shell has job control', async () => {
  const env = { PS1: '% ', TERM: 'dumb', HISTFILE: undefined };
  await using child = await isolate().env(env).spawn('bash', ['--norc', '--noprofile'], { tty: true });
  const terminal = child.terminal as Terminal;
  let text = '';
  terminal.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const jobIs = async (state: string): Promise<void> => {
    const looks = async () => {
      while (stateOf(childrenOf(commandOf(child.pid) as number)[0]) !== state) await wait(5);
    };
    await inTime(looks(), `a job that is ${state}`);
  };
  const type = async (what: string, answer: RegExp): Promise<void> => {
    const from = text.length;
    terminal.write(what);
    const looks = async () => {
      while (!answer.test(text.slice(from))) await once(terminal, 'data');
    };
    await inTime(looks(), `${answer} after ${JSON.stringify(what)} in ${JSON.stringify(text)}`);
  };
  await type('', /% /);
  assert.not.match(text, 'no job control');
  await type('sleep 1000\n', /sleep 1000\r\n/);
  await jobIs('S');
  await type('\x1a', /Stopped.*sleep 1000\r\n% /s);
  await type('fg\n', /sleep 1000\r\n/);
  await jobIs('S');
  await type('\x03', /% /);
  await type('echo "status $?"\n', /status 130\r\n/);
  await type('exit 5\n', /exit\r\n/);
  assert.is(await codeOf(child), 5);
});

test('a new size is told to who is in front', async () => {
  const script = 'trap "stty size" WINCH; echo ready; trap "exit 7" HUP; while :; do sleep 0.05; done';
  const { child, terminal, seen } = await start(bare(), script);
  await seen('ready');
  assert.equal([terminal.columns, terminal.rows], [80, 24]);
  terminal.resize(132, 43);
  await seen('43 132');
  assert.equal([terminal.columns, terminal.rows], [132, 43]);
  child.kill('SIGHUP');
  await codeOf(child);
  if (!terminal.closed) await once(terminal, 'close');
  assert.equal([terminal.columns, terminal.rows], [132, 43], 'the last one is remembered');
  terminal.resize(1, 1);
  for (const [columns, rows] of [
    [0, 24],
    [80, 65_536],
    [80.5, 24],
    [Number.NaN, 24],
    ['80', 24],
  ] as [number, number][]) {
    assert.throws(
      () => terminal.resize(columns, rows),
      (error: unknown) => error instanceof SpecError && /from 1 to 65535/.test(error.message),
    );
  }
});

test('what the command itself makes of the size is seen here', async () => {
  const { terminal, seen } = await start(bare(), 'stty rows 9 cols 8; echo done; read line');
  await seen('done');
  assert.equal([terminal.columns, terminal.rows], [8, 9]);
  terminal.end();
});

test('run collects what is printed, errors too, and has no input', async () => {
  const script = 'echo out; echo error >&2; cat; exit 3';
  const { stdout, stderr, exit } = await inTime(bare().run('sh', ['-c', script], { tty: true }), 'run');
  assert.equal([stdout, stderr], ['out\r\nerror\r\n', '']);
  assert.is(exit.kind === 'exited' && exit.code, 3);
});

test('what is given for one command wins', async () => {
  const sandbox = bare().tty({ columns: 100, rows: 30 });
  const size = async (tty?: Parameters<Sandbox['tty']>[0]) =>
    (await sandbox.run('stty', ['size'], tty === undefined ? {} : { tty })).stdout;
  assert.equal(
    [await size(), await size(true), await size({ columns: 7, rows: 6 })],
    ['30 100\r\n', '24 80\r\n', '6 7\r\n'],
  );
  // The same spec and command, so that the plan of the last one could be taken for it.
  assert.is((await sandbox.run('tty', [], { tty: false })).stdout, 'not a tty\n');
  assert.is(sandbox.tty(false).spec.tty, undefined);
  assert.equal(isolate.from(JSON.stringify(sandbox.spec)).spec, sandbox.spec);
});

test('1 MiB that is printed just before the end is there, however slowly it is read', async () => {
  for (const isSlow of [false, true]) {
    const code = "process.stdout.write(('x'.repeat(99) + '\\n').repeat(10485), () => process.exit(0))";
    await using child = await bare().spawn(process.execPath, ['-e', code], { tty: true });
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of child.terminal as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      if (isSlow) await wait(1);
    }
    assert.is(size, 10_485 * 101);
    assert.is(
      hash.digest('hex'),
      createHash('sha256')
        .update(`${'x'.repeat(99)}\r\n`.repeat(10_485))
        .digest('hex'),
    );
  }
});

test('to type when the command is gone loses nothing of what it printed', async () => {
  for (let times = 0; times < 20; times++) {
    const child = await bare().spawn('sh', ['-c', 'stty -echo; echo first; echo last'], { tty: true });
    const terminal = child.terminal as Terminal;
    await child.exited;
    terminal.write('too late\n');
    terminal.end();
    let text = '';
    for await (const chunk of terminal) text += String(chunk);
    assert.match(text, /^first\r\nlast\r\n/);
  }
});

test('a command that prints faster than it is read waits', async () => {
  await using child = await bare().spawn('yes', [], { tty: true });
  const terminal = child.terminal as Terminal;
  await once(terminal, 'readable');
  await wait(100);
  assert.ok(terminal.readableLength > 0 && terminal.readableLength < 2 ** 20, `${terminal.readableLength} bytes`);
});

test('a command that reads nothing holds the writer up, and not this program', async () => {
  const { child, terminal, seen } = await start(bare(), 'stty raw -echo; echo ready; sleep 1000');
  await seen('ready');
  assert.is(terminal.write(Buffer.alloc(2 ** 20, 'x')), false);
  // It would not come to this if the write blocked.
  await wait(50);
  assert.ok(terminal.writableLength > 0);
  await inTime(child[Symbol.asyncDispose](), 'dispose');
});

test('4 MiB that are typed arrive', async () => {
  const code = `
    process.stdin.setRawMode(true);
    const hash = require('node:crypto').createHash('sha256');
    let size = 0;
    process.stdin.on('data', (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      if (size === ${2 ** 22}) { console.log(hash.digest('hex')); process.exit(0); }
    });
    console.log('ready');`;
  await using child = await bare().spawn(process.execPath, ['-e', code], { tty: true });
  const terminal = child.terminal as Terminal;
  let text = '';
  terminal.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  while (!text.includes('ready')) await once(terminal, 'data');
  const data = Buffer.alloc(2 ** 22, 'some text that is typed; ');
  terminal.write(data);
  assert.is(await codeOf(child), 0);
  if (!terminal.readableEnded) await once(terminal, 'end');
  assert.match(text, createHash('sha256').update(data).digest('hex'));
});

test('every ending closes the terminal', async () => {
  const warm = await bare().spawn('true', [], { tty: true });
  warm.terminal?.resume();
  await once(warm.terminal as Terminal, 'close');
  const before = openDescriptors();
  const endings: Record<string, () => Promise<void>> = {
    'it is read to its end': async () => {
      const child = await bare().spawn('echo', ['text'], { tty: true });
      child.terminal?.resume();
      await once(child.terminal as Terminal, 'close');
    },
    'nothing is printed, and nobody listens': async () => {
      const child = await bare().spawn('true', [], { tty: true });
      await once(child.terminal as Terminal, 'close');
    },
    'the command is ended, and nothing was read': async () => {
      await using child = await bare().spawn('yes', [], { tty: true });
      child.terminal?.write('typed\n');
    },
    'it is closed': async () => {
      const child = await bare().spawn('sleep', ['1000'], { tty: true });
      child.terminal?.destroy();
      await once(child.terminal as Terminal, 'close');
      const exit = await child.exited;
      assert.is(exit.kind === 'signaled' && exit.signal, 'SIGHUP', 'as when a window is closed');
    },
    'the command is not there': async () => {
      const failure = await bare()
        .spawn('/nonexistent', [], { tty: true })
        .catch((error) => error);
      assert.is(failure.reason, 'command-not-found');
    },
    'the launch is aborted': async () => {
      const controller = new AbortController();
      const spawned = bare().spawn('sleep', ['1000'], { tty: true, signal: controller.signal });
      setImmediate(() => controller.abort());
      const child = await spawned.catch(() => undefined);
      await child?.[Symbol.asyncDispose]();
    },
    'it is run': async () => {
      await bare().run('sh', ['-c', 'echo text'], { tty: true });
    },
  };
  for (const [name, ending] of Object.entries(endings)) {
    await inTime(ending(), name);
    assert.equal(openDescriptors(), before, name);
  }
});

test('a command that closes its terminal goes on', async () => {
  const child = await bare().spawn('sh', ['-c', 'exec <&- >&- 2>&-; sleep 0.3; exit 9'], { tty: true });
  const terminal = child.terminal as Terminal;
  terminal.resume();
  await once(terminal, 'end');
  assert.is(terminal.closed, false);
  assert.is(await codeOf(child), 9);
  if (!terminal.closed) await once(terminal, 'close');
});

test('a program whose command has a terminal ends with it', () => {
  const [file, args] = programOf(`
    const child = await bare().spawn('sh', ['-c', 'echo text'], { tty: true });
    child.terminal.on('data', (chunk) => process.stdout.write(chunk));
  `);
  const { stdout, stderr, status } = spawnSync(file, args, { encoding: 'utf8', cwd: repository, timeout: 60_000 });
  assert.equal([stdout, stderr, status], ['text\r\n', '', 0]);
});

test('descriptors above 2 can be had with it', async () => {
  const stdio = ['inherit', 'inherit', 'inherit', 'pipe'] as const;
  await using child = await bare().spawn('sh', ['-c', 'tty >&3; test -t 2 && echo terminal'], { tty: true, stdio });
  const third = child.stdio[3] as Socket;
  let text = '';
  for await (const chunk of third) text += String(chunk);
  assert.match(text, /^\/dev\/pts\/\d+\n$/);
  let printed = '';
  for await (const chunk of child.terminal as Terminal) printed += String(chunk);
  assert.is(printed, 'terminal\r\n');
});

test('errors go where the stdio says, if it says anything else than the terminal', async () => {
  const others = folder({ errors: '' });
  const errors = openSync(join(others, 'errors'), 'w');
  const script =
    'test -t 0 && test -t 1 && echo shown; test -t 2 && echo shown too; echo error >&2; echo $(ls /proc/self/fd)';
  await using box = noNamespaces === undefined ? await isolate().open() : undefined;
  for (const place of [bare(), ...(box === undefined ? [] : [small, isolate(), box])]) {
    const run = (stdio?: readonly StdioInput[]) =>
      place.run('sh', ['-c', script], { tty: true, ...(stdio === undefined ? {} : { stdio }) });
    const apart = await run(['inherit', 'inherit', 'pipe']);
    assert.equal([apart.stdout, apart.stderr], ['shown\r\n0 1 2 3\r\n', 'error\n']);
    const file = await run(['inherit', 'inherit', errors]);
    assert.equal([file.stdout, file.stderr], ['shown\r\n0 1 2 3\r\n', '']);
    const together = await run();
    assert.equal([together.stdout, together.stderr], ['shown\r\nshown too\r\nerror\r\n0 1 2 3\r\n', '']);
  }
  closeSync(errors);
  assert.match(readFileSync(join(others, 'errors'), 'utf8'), /^(error\n)+$/);
  await using child = await bare().spawn('sh', ['-c', 'echo error >&2'], {
    tty: true,
    stdio: ['inherit', 'inherit', 'pipe'],
  });
  let text = '';
  for await (const chunk of child.stderr as NodeJS.ReadableStream) text += chunk;
  assert.equal([text, child.stdout === child.terminal], ['error\n', true]);
});

test('what else the standard three could be is refused', async () => {
  const refused = async (given: () => unknown, problem: RegExp) => {
    try {
      await given();
    } catch (error) {
      assert.instance(error, SpecError);
      assert.is((error as SpecError).field, 'tty');
      assert.match((error as Error).message, problem);
      return;
    }
    assert.unreachable(String(problem));
  };
  for (const stdio of ['pipe', 'ignore', ['inherit', 9, 'inherit'], ['pipe', 'inherit', 'pipe']] as const) {
    await refused(() => bare().spawn('true', [], { tty: true, stdio }), /0 and 1 of the command are its terminal/);
    await refused(() => bare().stdio(stdio).tty().plan('true'), /tty: false/);
  }
  for (const tty of [{ columns: 0, rows: 1 }, { columns: 1, rows: 70_000 }, { columns: 80 }, 'yes', 80, null]) {
    await refused(() => bare().tty(tty as never), /from 1 to 65535|neither true, false nor a size/);
    await refused(() => bare().spawn('true', [], { tty: tty as never }), /from 1 to 65535|neither/);
  }
  await refused(() => isolate.from({ ...bare().spec, tty: { columns: 80, rows: 0 } }).plan('true'), /from 1 to 65535/);
  await refused(() => isolate.from({ ...bare().spec, tty: false }), /not what it has to be/);
  await refused(() => isolate.from({ ...bare().spec, tty: { columns: 80 } }), /not what it has to be/);
});

test('a host that has no terminals to give is told, with the way out', () => {
  const files = { ...thisHostFiles, at: (path: string) => (path === '/dev/ptmx' ? undefined : thisHostFiles.at(path)) };
  const host = { ...thisHost(), files };
  const planFor = (sandbox: Sandbox) => compile(sandbox.tty().spec, { file: 'true', args: [] }, host);
  assert.throws(
    () => planFor(bare()),
    (error: unknown) => error instanceof SpecError && /no \/dev\/ptmx.*\.dev\(\)/s.test(error.message),
  );
  assert.throws(() => planFor(bare().unshare('user', 'mount').emptyRoot()), /no \/dev\/ptmx/);
  assert.ok(planFor(small), 'the way out');
});

test('it is in one session of its own, which is made last', () => {
  for (const sandbox of [bare(), bare().newSession(), isolate()]) {
    const calls = sandbox
      .tty()
      .plan('true')
      .toJSON()
      .steps.filter(({ where }) => where === (sandbox.spec.unshare.includes('pid') ? 'command' : 'child'));
    const sessions = calls.filter(({ call }) => call === 'setsid');
    assert.is(sessions.length, 1);
    const at = calls.findIndex(({ call }) => call === 'setsid');
    assert.equal(calls[at + 1]?.args.slice(0, 2), ['0', 'TIOCSCTTY']);
    assert.ok(at > calls.findLastIndex(({ call }) => call === 'dup3'), 'the descriptors are in their places');
  }
});

skipUnless(
  test,
  noNamespaces,
  'in a box it is one of the box, and in namespaces of others one of the host',
  async () => {
    const size = { columns: 90, rows: 20 };
    const script = 'tty; stty size; ls /proc/self/fd | tr "\\n" " "';
    await using box = await isolate().open();
    for (let i = 0; i < 2; i++) {
      const { stdout } = await box.run('sh', ['-c', script], { tty: size });
      assert.is(stdout, '/dev/pts/0\r\n20 90\r\n0 1 2 3 ');
    }
    await using other = await isolate().spawn('sleep', ['1000'], { stdio: 'ignore' });
    const { stdout } = await bare()
      .join(other.pid)
      .run('sh', ['-c', `${script}; test -t 0 && echo " a terminal"`], { tty: size });
    assert.is(stdout, 'not a tty\r\n20 90\r\n0 1 2 3  a terminal\r\n');
  },
);

test.run();
