// isolate run at a terminal: what is typed, what is shown, and that the terminal is afterwards as it was before.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare } from '../src/index.js';
import { commandMissing, either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { isolateCommand, runIsolate, startIsolate } from './helpers/command-lines.js';
import { inTime } from './helpers/in-time.js';
import { childrenOf, stateOf } from './helpers/process-tree.js';
import { quoted, repository } from './helpers/program.js';
import { Tmux } from './helpers/tmux.js';

const noProc = userNamespacesRefused() ?? freshProcRefused();
const noTmux = either(commandMissing('tmux'), commandMissing('bash'));
const noScript = commandMissing('script');

const run = (...line: string[]) => quoted(isolateCommand('run', ...line));

/** Starts a command of the shell in a terminal, and waits until the terminal is its alone. */
async function begin(tmux: Tmux, line: string): Promise<{ isolate: number; command: number }> {
  tmux.type(`${line}; echo "status $?"`);
  await tmux.until(() => (tmux.modes.includes('-opost') ? true : undefined), 'the terminal is raw');
  return tmux.until(() => tmux.started, 'isolate and its command run');
}

skipUnless(
  test,
  either(noTmux, noProc),
  'a shell at a terminal: jobs, a new size, the whole screen, its end',
  async () => {
    using tmux = await Tmux.start();
    const before = tmux.modes;
    tmux.type(run('--env', 'PS1=inner> ', '--', 'bash', '--norc', '--noprofile'));
    await tmux.shows(/^inner>$/m);
    const shell = tmux.started?.command as number;
    const job = () => childrenOf(shell)[0];
    const jobIs = (state: string) =>
      tmux.until(() => (stateOf(job()) === state ? true : undefined), `a job is ${state}`);
    assert.not.match(tmux.screen, 'no job control');

    tmux.clear();
    tmux.type('tty; stty size; echo from "$0"');
    await tmux.shows(/^\/dev\/pts\/0\n30 100\nfrom bash\n/m);

    tmux.clear();
    tmux.type('sleep 1000');
    await jobIs('S');
    tmux.key('C-z');
    await tmux.shows(/Stopped +sleep 1000\n+inner>$/m);
    tmux.type('fg');
    await jobIs('S');
    tmux.key('C-c');
    await tmux.shows(/\^C\n+inner>$/m);
    tmux.type('echo "ended by $?"');
    await tmux.shows(/^ended by 130$/m);

    tmux.resize(120, 40);
    tmux.clear();
    tmux.type('until stty size | grep "^40 120"; do sleep 0.1; done');
    await tmux.shows(/^40 120$/m);

    // A shell in the shell, as over ssh: it has the terminal, and gives it back.
    tmux.clear();
    tmux.type('PS1="third> " bash --norc --noprofile');
    await tmux.shows(/^third>$/m);
    tmux.key('C-d');
    await tmux.shows(/exit\ninner>$/m);

    tmux.clear();
    tmux.type('exit 7');
    await tmux.shows(/^outer>$/m);
    tmux.type('echo "status $?"');
    await tmux.shows(/^status 7$/m);
    assert.is(tmux.modes, before);
  },
);

for (const [editor, quit, onTwentyRows] of [
  ['less', ['q'], /^line 172\n(.*\n){17}line 190\n:$/m],
  ['vi', [':q!', 'Enter'], /^line 182\n(.*\n){17}line 200\n/m],
] as const) {
  skipUnless(test, either(noTmux, noProc, commandMissing(editor)), `${editor} has the whole screen`, async () => {
    using tmux = await Tmux.start();
    const before = tmux.modes;
    const script = 'seq -f "line %g" 200 > /tmp/text; exec "$0" /tmp/text';
    await begin(tmux, run('--env', 'LESS=', '--', 'sh', '-c', script, editor));
    await tmux.shows(/^line 1\nline 2\n(.*\n)*line 29\n/m);
    tmux.key('G');
    await tmux.shows(/^line 199\nline 200\n/m);
    tmux.resize(90, 20);
    await tmux.shows(onTwentyRows);
    for (const key of quit) tmux.key(key);
    await tmux.shows(/status 0\nouter>$/m);
    assert.is(tmux.modes, before);
  });
}

/** Throws in isolate itself, when the terminal is raw for long. */
const fails = `data:text/javascript,${encodeURIComponent('setTimeout(() => { throw new Error("unexpected"); }, 3000)')}`;

type Ending = readonly [
  name: string,
  line: string,
  status: number,
  end: (tmux: Tmux, pids: { isolate: number; command: number }) => void,
];
const sleeps = run('--', 'sleep', '1000');
const endings: readonly Ending[] = [
  ['the command ends', run('--', 'sh', '-c', 'read line; exit 3'), 3, (tmux) => tmux.type('a line')],
  ['the command is killed', sleeps, 128 + 9, (_, { command }) => process.kill(command, 'SIGKILL')],
  ...(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const).map(
    (signal): Ending => [
      `isolate gets ${signal}`,
      sleeps,
      128 + constants.signals[signal],
      (_, { isolate }) => process.kill(isolate, signal),
    ],
  ),
  [
    'the inside leaves the terminal in another state, and is killed',
    run('--', 'sh', '-c', 'stty raw -echo; sleep 1000'),
    128 + 9,
    (_, { command }) => process.kill(command, 'SIGKILL'),
  ],
  [
    'isolate has an error that nobody expects',
    `NODE_OPTIONS='--import ${fails}' ${run('--env', 'NODE_OPTIONS=', '--', 'sleep', '1000')}`,
    1,
    () => {},
  ],
];

for (const [name, line, status, end] of endings) {
  skipUnless(test, either(noTmux, noProc), `the terminal is as it was when ${name}`, async () => {
    using tmux = await Tmux.start();
    const before = tmux.modes;
    end(tmux, await begin(tmux, line));
    await tmux.shows(new RegExp(`status ${status}\\n+outer>$`, 'm'));
    assert.is(tmux.modes, before);
  });
}

skipUnless(test, either(noTmux, noProc), 'the terminal is as it was when the command cannot be started', async () => {
  using tmux = await Tmux.start();
  const before = tmux.modes;
  tmux.type(`${run('--', '/nonexistent')}; echo "status $?"`);
  await tmux.shows(/status 127\nouter>$/m);
  assert.match(tmux.screen, /^isolate: the command "\/nonexistent" does not exist$/m);
  assert.is(tmux.modes, before);
});

skipUnless(
  test,
  either(noTmux, noProc),
  'isolate that was stopped has the terminal again when it goes on',
  async () => {
    using tmux = await Tmux.start();
    const before = tmux.modes;
    const pids = await begin(tmux, run('--', 'sh', '-c', 'read line; exit 4'));
    process.kill(pids.isolate, 'SIGSTOP');
    await tmux.shows(/Stopped.*\n(.*\n)*outer>$/m);
    assert.is(tmux.modes.includes('-icanon'), true, 'the shell edits its lines');
    tmux.clear();
    tmux.type('stty -a | grep -o -- "-*icanon"; fg');
    await tmux.shows(/^icanon$/m);
    await tmux.until(() => (tmux.modes.includes('-opost') ? true : undefined), 'it is raw again');
    tmux.type('a line');
    await tmux.shows(/outer>$/m);
    assert.is(tmux.modes.includes('-opost'), false);
    tmux.type('echo "status $?"');
    await tmux.shows(/^status 4$/m);
    assert.is(tmux.modes, before);
  },
);

/** What a line of shell prints in a terminal of its own that nobody types in. */
async function inScript(line: string, input = ''): Promise<string> {
  const args = ['--quiet', '--return', '--command', line, '/dev/null'];
  const env = { ...process.env, SHELL: '/bin/sh' };
  const terminal = spawn('script', args, { cwd: repository, env });
  let shown = '';
  terminal.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  if (input !== '') terminal.stdin.write(input);
  await inTime(once(terminal, 'close'), line);
  return shown.replaceAll('\r', '');
}

/** Whether a command has a terminal of its own, as it sees it. */
const tells = 'readlink /proc/self/fd/1; (: </dev/tty) 2>/dev/null && echo controlling || echo none';
const asks = (...line: string[]) => run(...line, '--', 'sh', '-c', tells);

skipUnless(test, either(noScript, noProc), 'at a terminal, the command gets one of its own by itself', async () => {
  assert.is(await inScript(asks()), '/dev/pts/0\ncontrolling\n');
  assert.match(await inScript(asks('--no-tty')), /^\S+\nnone\n$/);
  assert.match(await inScript(`${asks()} </dev/null`), /none\n$/, 'it is not typed in');
  assert.match(await inScript(`${asks()} | cat`), /^pipe:.*\nnone\n$/, 'it is not looked at');
  const own = await inScript('tty');
  assert.is(await inScript(asks('--bare')), `${own}controlling\n`, 'what is not isolated shares that of isolate');
  assert.match(await inScript(asks('--bare', '--tty')), /^\/dev\/pts\/\d+\ncontrolling\n$/);
  assert.is(await inScript(`set -m; ${asks()} & wait $!`), await inScript(asks('--no-tty')), 'in the background');
});

skipUnless(test, either(noScript, noProc), 'at a terminal, errors that are redirected go there', async () => {
  const script =
    'test -t 0 && test -t 1 && echo "$(tty)"; test -t 2 || echo apart >&2; (: </dev/tty) && echo controlling';
  const both = (...options: string[]) => run(...options, '--', 'sh', '-c', script);
  const errors = 'e=$(mktemp); trap "rm $e" EXIT';
  const shows = (redirected: string) => inScript(`${errors}; ${redirected}; echo "errors: $(cat $e)"`);
  const own = '/dev/pts/0\ncontrolling\n';
  assert.is(await shows(`${both()} 2>$e`), `${own}errors: apart\n`);
  assert.is(await shows(`${both()} 2>&1 >/dev/tty | cat >$e`), `${own}errors: apart\n`);
  assert.is(await shows(`${both('--tty')} 2>$e`), `${own}errors: \n`, 'its own has all');
  const none = await shows(`${both('--no-tty')} 2>$e`);
  assert.match(none, 'errors: apart\n');
  assert.not.match(none, 'controlling');
});

skipUnless(test, either(noScript, noProc), 'the size is ours', async () => {
  assert.is(await inScript(`stty rows 33 cols 44; ${run('--', 'stty', 'size')}`), '33 44\n');
});

skipUnless(test, noProc, '--tty where there is no terminal: what is read is typed, and its end too', () => {
  const { status, stdout, stderr } = runIsolate(['run', '--tty', '--', 'sh', '-c', 'stty -echo; tty; cat; exit 5'], {
    input: 'one\ntwo\n',
  });
  assert.equal([status, stderr], [5, '']);
  assert.match(stdout, /^(one\r\n)?(two\r\n)?\/dev\/pts\/0\r\none\r\ntwo\r\n$/);
});

test('all that was printed is written before isolate ends', () => {
  const { status, stdout } = runIsolate(['run', '--bare', '--tty', '--', 'seq', '100000'], { input: '' });
  assert.is(status, 0);
  assert.is(stdout.replaceAll('\r', ''), `${Array.from({ length: 100_000 }, (_, i) => i + 1).join('\n')}\n`);
});

test('what the command left behind on its terminal is not waited for', async () => {
  const script = 'trap "" HUP; sleep 1000 & echo $!; seq 1000';
  const { status, stdout } = runIsolate(['run', '--bare', '--tty', '--', 'sh', '-c', script], { input: '' });
  const [pid, ...numbers] = stdout.trim().split('\r\n');
  assert.is(status, 0);
  assert.is(numbers.length, 1000);
  const name = () => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  const isThere = async () => {
    while (name() !== 'sleep') await setTimeout(5);
  };
  await inTime(isThere(), `what was left behind is ${name()}`);
  process.kill(Number(pid), 'SIGKILL');
});

test('a terminal that nobody looks at any more is closed', async () => {
  const isolate = startIsolate(['run', '--bare', '--tty', '--', 'yes']);
  isolate.stdout.once('data', () => isolate.stdout.destroy());
  const [status] = await inTime(once(isolate, 'exit'), 'isolate');
  assert.is(status, 128 + constants.signals.SIGHUP);
});

test('signals that are sent to isolate are passed on', async () => {
  for (const signal of ['SIGTERM', 'SIGUSR1', 'SIGINT'] as const) {
    const script = `trap 'echo got; exit 7' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    const isolate = startIsolate(['run', '--bare', '--tty', '--', 'sh', '-c', script]);
    let text = '';
    isolate.stdout.on('data', (chunk: Buffer) => {
      if (!text.includes('ready') && String(chunk).includes('ready')) isolate.kill(signal);
      text += String(chunk);
    });
    const [status] = await inTime(once(isolate, 'close'), signal);
    assert.equal([status, text], [7, 'ready\r\ngot\r\n'], signal);
  }
});

test('explain --tty shows how a terminal is made', () => {
  const explained = (...options: string[]) => runIsolate(['explain', '--bare', ...options, '--', 'true']).stdout;
  assert.match(explained('--tty'), /TIOCGPTPEER.*setsid\(\).*TIOCSCTTY/s);
  assert.not.match(explained(), /ptmx/);
  assert.not.match(explained('--no-tty'), /ptmx/);
});

test('--spec: what it says of a terminal holds, unless the command line says otherwise', () => {
  const run = (spec: object, ...options: string[]) =>
    runIsolate(['run', '--spec', '-', ...options, '--', 'stty', 'size'], { input: JSON.stringify(spec) });
  const { spec } = bare().tty({ columns: 70, rows: 20 });
  assert.is(run(spec).stdout, '20 70\r\n');
  assert.match(run(spec, '--no-tty').stderr, /stty/);
  const both = run(bare().stdio(['ignore', 'inherit', 'inherit']).spec, '--tty');
  assert.is(both.status, 125);
  assert.match(both.stderr, /^isolate: .*0 and 1 of the command are its terminal/m);
});

/** Types a line into a terminal, as a program can that has it as its controlling terminal, and says whether that worked. */
const typesAway =
  'ioctl(STDIN, 0x5412, my $c = $_) or do { print "refused\\n"; exit } for split //, "typed\\n"; print "worked\\n"';

function tiocstiOff(): string | undefined {
  try {
    const setting = readFileSync('/proc/sys/dev/tty/legacy_tiocsti', 'utf8').trim();
    return setting === '0' ? 'the host allows nobody to type for others: dev.tty.legacy_tiocsti' : undefined;
  } catch {
    return undefined;
  }
}

const noTyping = either(noScript, commandMissing('perl'), noProc);

skipUnless(test, noTyping, 'a session of its own: nothing is typed into the terminal of the caller', async () => {
  const perl = ['--', 'perl', '-e', typesAway];
  for (const line of [run('--no-tty', ...perl), run('--bare', '--unshare', 'user', '--tty', ...perl), run(...perl)]) {
    // What would be typed is read by the shell.
    const shown = await inScript(`stty -echo; ${line}; read -t 1 line || echo "nothing came"; echo "got:$line"`);
    assert.match(shown, /got:\n$/, line);
  }
  assert.match(await inScript(run('--no-tty', ...perl)), 'refused');
});

skipUnless(test, either(noTyping, tiocstiOff()), 'without one, the command can do that', async () => {
  const line = run('--bare', '--unshare', 'user', '--', 'perl', '-e', typesAway);
  const shown = await inScript(`stty -echo; ${line}; read line; echo "got:$line"`);
  assert.match(shown, /worked\n(.*\n)*got:typed\n$/);
});

test.run();
