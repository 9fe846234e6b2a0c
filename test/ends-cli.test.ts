// Time limits and --status-json on the command line.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namespacesOf } from '../src/ns/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  isRoot,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { isolateCommand, runEach, runIsolate, startIsolate } from './helpers/command-lines.js';
import { foldersFor } from './helpers/folder.js';
import { until } from './helpers/processes.js';
import { quoted, repository } from './helpers/program.js';

const folder = foldersFor(test);
const noProc = either(userNamespacesRefused(), freshProcRefused());

interface Report {
  readonly version: number;
  readonly pid: number | null;
  readonly namespaces: Record<string, number> | null;
  readonly command: readonly string[];
  readonly exit: Record<string, unknown> | null;
  readonly usage: Record<string, number> | null;
  readonly wallTime: number | null;
  readonly error: Record<string, unknown> | null;
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Report;

skipUnless(
  test,
  either(commandMissing('strace'), userNamespacesRefused()),
  '--timeout ends what does not begin, too',
  () => {
    const status = join(folder(), 'status');
    const options = ['--bare', '--unshare', 'user,uts', '--hostname', 'box', '--timeout', '300ms'];
    const delay = ['-e', 'trace=sethostname', '-e', 'inject=sethostname:delay_enter=2000000'];
    const [ended] = runEach(
      [['run', ...options, '--status-json', status, '--', 'sleep', '100']],
      ['strace', '-f', '-o', '/dev/null', ...delay],
    );
    assert.equal([ended?.status, ended?.stdout], [124, '']);
    assert.match(ended?.stderr as string, 'isolate: the command had not begun when its time was over, after 300 ms\n');
    const { exit, error } = read(status);
    assert.equal([exit, error?.code], [null, 'ERR_ISOLATE_TIMEOUT']);
  },
);

test('--timeout ends it with 124, and without a word', () => {
  const ended = runEach([
    ['run', '--bare', '--timeout', '500ms', '--', 'sleep', '100'],
    ['run', '--bare', '--timeout', '1m', '--', 'sh', '-c', 'exit 3'],
    ['run', '--bare', '--timeout', '0.5s', '--kill-signal', 'TERM', '--', 'sh', '-c', 'trap "exit 5" TERM; sleep 1'],
    [
      ...['run', '--bare', '--timeout', '500ms', '--kill-signal', 'sigint', '--kill-after', '100ms', '--', 'sh', '-c'],
      "trap '' INT; while :; do sleep 0.02; done",
    ],
    ['run', '--bare', '--timeout', '500ms', '--kill-signal', '15', '--', 'sleep', '100'],
  ]);
  assert.equal(
    ended.map(({ status, stdout, stderr }) => [status, stdout, stderr]),
    [124, 3, 124, 124, 124].map((status) => [status, '', '']),
  );
});

skipUnless(test, noProc, 'in the safe default too', () => {
  assert.is(runIsolate(['run', '--timeout', '500ms', '--', 'sh', '-c', 'sleep 100 & sleep 100']).status, 124);
});

test('what cannot be is refused', () => {
  const lines: [string[], RegExp][] = [
    [['--timeout', '10'], /^isolate: timeout: "10" is not a length of time\n {2}help {2}say the unit/],
    [['--timeout', '0s'], /^isolate: timeout: "0s" is no time at all/],
    [['--kill-signal', 'TERM'], /^isolate: --kill-signal: .*\n {2}help {2}add --timeout/],
    [['--kill-after', '1s'], /^isolate: --kill-after: .*\n {2}help {2}add --timeout/],
    [['--timeout', '1s', '--kill-signal', 'NOPE'], /^isolate: killSignal: there is no signal "NOPE"/],
    [['--timeout', '1s', '--kill-after', '5'], /^isolate: grace: "5" is not a length of time/],
  ];
  const ended = runEach(lines.map(([options]) => ['run', '--bare', ...options, '--', 'echo', 'it ran']));
  lines.forEach(([, message], i) => {
    assert.equal([ended[i]?.status, ended[i]?.stdout], [125, '']);
    assert.match(ended[i]?.stderr as string, message);
  });
});

test('the limit of a spec, and options that change it', () => {
  const spec = join(folder(), 'spec.json');
  writeFileSync(
    spec,
    JSON.stringify({ version: 1, unshare: [], env: { inherit: true, set: {} }, timeout: { limit: 200 } }),
  );
  const script = "trap 'exit 3' TERM; while :; do sleep 0.02; done";
  const [killed, asked, longer] = runEach([
    ['run', '--spec', spec, '--', 'sleep', '100'],
    ['run', '--spec', spec, '--kill-signal', 'TERM', '--kill-after', '1h', '--', 'sh', '-c', script],
    ['run', '--spec', spec, '--timeout', '1h', '--', 'sleep', '0.5'],
  ]);
  assert.equal([killed?.status, asked?.status, longer?.status], [124, 124, 0]);
});

test('signals are passed on while the grace lasts', async () => {
  const script = "trap 'echo asked' TERM; trap 'echo told; exit 8' USR1; echo ready; while :; do sleep 0.02; done";
  const options = ['--bare', '--timeout', '1s', '--kill-signal', 'TERM', '--kill-after', '1h'];
  const isolate = startIsolate(['run', ...options, '--', 'sh', '-c', script]);
  let printed = '';
  isolate.stdout.on('data', (chunk: Buffer) => {
    if (!printed.includes('asked') && (printed + chunk).includes('asked')) isolate.kill('SIGUSR1');
    printed += chunk;
  });
  const [status] = await once(isolate, 'close');
  assert.equal([status, printed], [124, 'ready\nasked\ntold\n']);
});

test('a real-time signal that ends the command', () => {
  assert.is(runIsolate(['run', '--bare', '--', 'sh', '-c', 'kill -37 $$']).status, 128 + 37);
});

test('--status-json: a command that ends at once', () => {
  const path = join(folder(), 'status.json');
  const { status } = runIsolate(['run', '--bare', '--status-json', path, '--', 'sh', '-c', 'exit 7']);
  const { pid, usage, wallTime, namespaces, ...rest } = read(path);
  assert.is(status, 7);
  assert.equal(rest, {
    version: 1,
    command: ['sh', '-c', 'exit 7'],
    exit: { kind: 'exited', code: 7 },
    resources: null,
    error: null,
  });
  assert.ok(Number.isInteger(pid) && (wallTime as number) > 0 && (usage?.maxRSS as number) > 0);
  assert.equal(namespaces, namespacesOf() as Record<string, number>);
});

skipUnless(test, noProc, '--status-json: the pid is that of the host, the namespaces those inside', () => {
  const path = join(folder(), 'status.json');
  const { stdout, stderr } = runIsolate([
    'run',
    '--status-json',
    path,
    '--',
    'sh',
    '-c',
    'echo $$; readlink /proc/self/ns/net',
  ]);
  const { pid, namespaces } = read(path);
  assert.is(stdout, `2\nnet:[${namespaces?.net}]\n`, stderr);
  assert.ok((pid as number) > 1);
  assert.is.not(namespaces?.net, namespacesOf().net);
});

test('--status-json: each way to end', () => {
  const files = folder();
  const path = (name: string) => join(files, name);
  const run = (name: string, ...line: string[]) => ['run', '--bare', '--status-json', path(name), ...line];
  const ended = runEach([
    run('signal', '--', 'sh', '-c', 'kill -SYS $$'),
    run('timeout', '--timeout', '500ms', '--', 'sleep', '100'),
    run('missing', '--', '/no/such/command'),
    run('spec', '--hostname', 'box', '--', 'true'),
    run('option', '--timeout', '1', '--', 'true'),
    run('diff', '--diff', '--', 'true'),
  ]);
  assert.equal(
    ended.map(({ status }) => status),
    [128 + constants.signals.SIGSYS, 124, 127, 125, 125, 125],
  );
  const { exit, error } = read(path('signal'));
  assert.equal([exit?.kind, exit?.signal, typeof exit?.coreDumped, error], ['signaled', 'SIGSYS', 'boolean', null]);
  const timeout = { kind: 'timeout', limit: 500, code: null, signal: 'SIGKILL' };
  assert.equal([read(path('timeout')).exit, read(path('timeout')).error], [timeout, null]);
  const missing = read(path('missing'));
  const nothing = [missing.pid, missing.namespaces, missing.exit, missing.usage, missing.wallTime];
  assert.equal(nothing, [null, null, null, null, null]);
  assert.equal(
    ['code', 'reason', 'syscall', 'where'].map((field) => missing.error?.[field]),
    ['ENOENT', 'command-not-found', 'execve', 'child'],
  );
  assert.match(missing.error?.message as string, 'does not exist');
  assert.ok((missing.error?.step as number) < (missing.error?.steps as number));
  for (const [name, field] of Object.entries({ spec: 'hostname', option: 'timeout', diff: '--diff' })) {
    const { error, exit } = read(path(name));
    assert.equal([error?.code, error?.field, exit], ['ERR_ISOLATE_SPEC', field, null], name);
  }
});

test('--status-json: a file that cannot be opened, and nothing is done', () => {
  const { status, stdout, stderr } = runIsolate(['run', '--bare', '--status-json', '/no/such/dir/x', 'echo', 'it ran']);
  assert.equal([status, stdout], [125, '']);
  assert.match(stderr, /^isolate: ENOENT: no such file or directory, open '\/no\/such\/dir\/x'\n$/);
});

test('--status-json: a file that cannot be written is told, at the end', () => {
  const { status, stderr } = runIsolate(['run', '--bare', '--status-json', '/dev/full', '--', 'sh', '-c', 'exit 3']);
  assert.is(status, 125);
  assert.match(stderr, /^isolate: ENOSPC/);
});

test('--status-json: a file is whole whenever it is read, from the start of the command on', async () => {
  const files = folder();
  const path = join(files, 'status.json');
  writeFileSync(path, 'of another time', { mode: 0o640 });
  chmodSync(path, 0o640);
  const seen = new Set<string>();
  const kinds = () => {
    const text = readFileSync(path, 'utf8');
    if (text !== '') seen.add(JSON.stringify((JSON.parse(text) as Report).exit?.kind ?? null));
    return seen.size;
  };
  const isolate = startIsolate(['run', '--bare', '--status-json', path, '--', 'sh', '-c', 'read line; exit 4']);
  const closed = once(isolate, 'close');
  await until(() => readFileSync(path, 'utf8') !== 'of another time', 'it is emptied');
  const watcher = watch(files, kinds);
  await until(() => kinds() === 1, 'the start is told');
  const { pid, exit } = read(path);
  assert.is(exit, null);
  assert.is(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'sh\n');
  isolate.stdin.end('\n');
  const [status] = await closed;
  watcher.close();
  kinds();
  assert.equal([status, [...seen]], [4, ['null', '"exited"']]);
  assert.equal([readdirSync(files), statSync(path).mode & 0o777], [['status.json'], 0o640]);
});

test('--status-json: through links and descriptors the file itself is written', () => {
  const files = folder({ target: 'something that is longer than any report can be\n'.repeat(100), hard: '' });
  const path = (name: string) => join(files, name);
  symlinkSync('target', path('link'));
  linkSync(path('hard'), path('other'));
  const inodes = () => ['target', 'hard'].map((name) => statSync(path(name)).ino);
  const before = inodes();
  runEach(['link', 'other'].map((name) => ['run', '--bare', '--status-json', path(name), '--', 'true']));
  for (const name of ['target', 'hard']) assert.is(read(path(name)).exit?.kind, 'exited');
  assert.equal(inodes(), before);
  // The shell's own descriptor still leads to it.
  const command = quoted(isolateCommand('run', '--bare', '--status-json', '/dev/fd/3', '--', 'true'));
  const script = `exec 3<>"$1"; ${command}; cat <&3`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', path('by-descriptor')], {
    encoding: 'utf8',
    cwd: repository,
  });
  assert.is((JSON.parse(stdout) as Report).exit?.kind, 'exited', stderr);
});

skipUnless(
  test,
  isRoot ? 'root may write everywhere' : undefined,
  '--status-json: a file in a directory that cannot be written is written over',
  () => {
    const files = folder({ 'status.json': '' });
    chmodSync(files, 0o555);
    runIsolate(['run', '--bare', '--status-json', join(files, 'status.json'), '--', 'true']);
    chmodSync(files, 0o755);
    assert.is(read(join(files, 'status.json')).exit?.kind, 'exited');
  },
);

skipUnless(test, rootOnly(), '--status-json: the owner of the file stays', () => {
  const path = join(folder({ 'status.json': '' }), 'status.json');
  spawnSync('chown', ['33:34', path]);
  runIsolate(['run', '--bare', '--status-json', path, '--', 'true']);
  const { uid, gid } = statSync(path);
  assert.equal([uid, gid, read(path).exit?.kind], [33, 34, 'exited']);
});

skipUnless(test, commandMissing('mkfifo'), '--status-json: a named pipe gets one report, at the end', async () => {
  const path = join(folder(), 'pipe');
  spawnSync('mkfifo', [path]);
  const isolate = startIsolate(['run', '--bare', '--status-json', path, '--', 'sh', '-c', 'exit 2']);
  const closed = once(isolate, 'close');
  const reader = spawnSync('timeout', ['30', 'cat', path], { encoding: 'utf8' });
  const [status] = await closed;
  const { exit, command } = JSON.parse(reader.stdout) as Report;
  assert.equal([status, exit?.code, command], [2, 2, ['sh', '-c', 'exit 2']]);
});

test('--status-json: nothing of the environment is in it', () => {
  const path = join(folder(), 'status.json');
  const secret = 'correct-horse-battery-staple';
  const [ended] = runEach([['run', '--bare', '--env', `SECRET=${secret}`, '--status-json', path, '--', '/no/such']]);
  assert.is(ended?.status, 127);
  assert.ok(existsSync(path));
  assert.not.match(readFileSync(path, 'utf8'), secret);
});

test.run();
