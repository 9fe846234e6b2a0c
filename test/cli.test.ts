// isolate run and isolate explain, as a shell uses them: what they do, what they print, how they end.
import { type StdioOptions, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, type PlanStepJson } from '../src/index.js';
import { namespaceKinds, namespaces } from '../src/ns/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  isRoot,
  rootOnly,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { type Ended, isolateCommand, runEach, runIsolate } from './helpers/command-lines.js';
import { matchesText } from './helpers/golden.js';
import { quoted, repository } from './helpers/program.js';

const noUser = userNamespacesRefused();
const noProc = noUser ?? freshProcRefused();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'isolate-cli-')));
test.after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

/** What a command line prints; it has to end with 0. */
function printed({ status, stdout, stderr }: Ended): string {
  assert.is(status, 0, stdout + stderr);
  return stdout.replace(/\n$/, '');
}

skipUnless(test, noProc, 'the main job: a shell in all new namespaces', () => {
  const script = 'id -u; uname -n; echo $$; ls /proc | grep -c "^[0-9]"; readlink /proc/self/ns/*';
  const unshare = ['--bare', '--unshare', 'user,mount,pid,net,ipc,uts,cgroup', '--map-root', '--hostname', 'box'];
  const ended = runIsolate(['run', ...unshare, '--', 'sh', '-c', script]);
  const [id, name, pid, processes, ...links] = printed(ended).split('\n');
  assert.equal([id, name, pid], ['0', 'box', '2']);
  assert.ok(Number(processes) >= 2 && Number(processes) <= 5, `${processes} processes`);
  assert.is(ended.stderr, '');
  for (const kind of namespaceKinds.filter((kind) => kind !== 'time')) {
    const own = readlinkSync(`/proc/self/ns/${namespaces[kind].file}`);
    assert.not(links.includes(own), `${own} is that of the host`);
  }
  assert.is(links.length, readdirSync('/proc/self/ns').length);
});

test('the exit status is that of the command', () => {
  const statuses = (script: string) => ['run', '--bare', '--', 'sh', '-c', script];
  const scripts = ['exit 0', 'exit 3', 'exit 255', 'kill -TERM $$', 'kill -KILL $$', 'kill -HUP $$'];
  assert.equal(
    runEach(scripts.map(statuses)).map(({ status, stderr }) => [status, stderr]),
    [0, 3, 255, 128 + 15, 128 + 9, 128 + 1].map((status) => [status, '']),
  );
});

test('125: isolate failed; 126: not executable; 127: not found', () => {
  const script = file('text', 'no program\n', 0o755);
  const lost = file('lost', '#!/no/such/interpreter\n', 0o755);
  const plain = file('plain', '#!/bin/sh\n', 0o644);
  const cases: [line: string[], status: number, says: RegExp][] = [
    [['no-such-command-anywhere'], 127, /no-such-command-anywhere.* is in none of the \d+ directories of PATH/],
    [['/no/such/command'], 127, /"\/no\/such\/command" does not exist/],
    [[lost], 127, /lost is there, but its interpreter \/no\/such\/interpreter is not/],
    [[plain], 126, /plain may not be run/],
    [[folder], 126, /may not be run/],
    [[script], 126, /text is not a program/],
    [['--cwd', '/no/such/directory', 'true'], 125, /working directory "\/no\/such\/directory"/],
    [['--argv0', 'another', 'no-such-command-anywhere'], 127, /the command "no-such-command-anywhere" is in none/],
  ];
  const ended = runEach(cases.map(([line]) => ['run', '--bare', '--env', 'PATH=/usr/bin:/bin', ...line]));
  cases.forEach(([line, status, says], i) => {
    assert.match(ended[i]?.stderr as string, /^isolate: /);
    assert.match(ended[i]?.stderr as string, says);
    assert.equal([line, ended[i]?.status, ended[i]?.stdout], [line, status, '']);
  });
});

test('a directory of PATH that may not be searched does not make a missing command another error', () => {
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0);
  const user = isRoot ? ['--uid', '33', '--gid', '33'] : [];
  const [ended] = runEach([
    ['run', '--bare', ...user, '--env', `PATH=${closed}:/usr/bin:/bin`, 'no-such-command-anywhere'],
  ]);
  assert.is(ended?.status, 127, ended?.stderr);
});

skipUnless(test, noProc, 'options, each by what the command sees', () => {
  // Not every kernel has IPv6.
  const inet6 = ['/proc/net/if_inet6'].filter((path) => existsSync(path));
  const lines: Record<string, string[]> = {
    names: [
      '--hostname',
      'box',
      '--domainname',
      'example.org',
      'sh',
      '-c',
      'uname -n; cat /proc/sys/kernel/domainname',
    ],
    place: [
      '--bare',
      '--cwd',
      folder,
      '--umask',
      '027',
      '--argv0',
      'name',
      'sh',
      '-c',
      'pwd; umask; cat /proc/$$/cmdline | head -c 4',
    ],
    variables: ['--bare', '--clear-env', '--env', 'A=1', '--env', 'B=2=3', '/usr/bin/env'],
    kept: ['--cap', 'chown', '--cap', 'NET_BIND_SERVICE,CAP_KILL', 'grep', 'CapEff', '/proc/self/status'],
    nothing: ['grep', 'CapEff', '/proc/self/status'],
    root: ['--map-root', 'id', '-u'],
    map: [
      '--map-users',
      `77:${process.getuid?.()}:1`,
      '--map-groups',
      `88:${process.getgid?.()}:1`,
      'sh',
      '-c',
      'id -u; id -g',
    ],
    ids: ['--map-root', '--uid', '0', '--gid', '0', 'sh', '-c', 'id -u; id -g'],
    shared: [
      '--share',
      'uts,ipc',
      '--share',
      'cgroup',
      'readlink',
      '/proc/self/ns/uts',
      '/proc/self/ns/ipc',
      '/proc/self/ns/cgroup',
    ],
    more: ['--bare', '--unshare', 'user,uts', '--unshare', 'ipc', 'readlink', '/proc/self/ns/uts', '/proc/self/ns/ipc'],
    host: ['--net', 'host', 'readlink', '/proc/self/ns/net'],
    loopback: ['--net', 'loopback', 'cat', '/sys/class/net/lo/operstate', ...inet6],
    none: ['--net', 'none', 'cat', ...inet6, '/proc/net/fib_trie'],
    proc: ['--proc', '/srv', 'sh', '-c', `cat /srv/1/comm; [ -e /proc/${process.pid} ]`],
    noProc: ['--no-proc', 'cat', `/proc/${process.pid}/comm`],
  };
  const results = runEach(Object.values(lines).map((line) => ['run', ...line]));
  const of = Object.fromEntries(Object.keys(lines).map((name, i) => [name, printed(results[i] as Ended)]));
  const own = (name: string) => readlinkSync(`/proc/self/ns/${name}`);

  assert.is(of.names, 'box\nexample.org');
  assert.is(of.place, `${folder}\n0027\nname`);
  assert.is(of.variables, 'A=1\nB=2=3');
  assert.is(of.kept, 'CapEff:\t0000000000000421');
  assert.is(of.nothing, 'CapEff:\t0000000000000000');
  assert.is(of.root, '0');
  assert.is(of.map, '77\n88');
  assert.is(of.ids, '0\n0');
  assert.is(of.shared, [own('uts'), own('ipc'), own('cgroup')].join('\n'));
  assert.not(of.more?.includes(own('uts')) || of.more?.includes(own('ipc')));
  assert.is(of.more?.split('\n').length, 2);
  assert.is(of.host, own('net'));
  assert.match(of.loopback as string, inet6.length > 0 ? / lo$/m : /^unknown$/);
  assert.is(of.none, '');
  assert.is(of.proc, 'isolate-init');
  assert.ok(of.noProc);
});

skipUnless(test, either(noUser, timeNamespacesRefused()), 'the clocks', () => {
  const line = [
    '--bare',
    '--unshare',
    'user',
    '--monotonic',
    '3600.5',
    '--boottime',
    '-1',
    'cat',
    '/proc/self/timens_offsets',
  ];
  const offsets = printed(runIsolate(['run', ...line]));
  assert.match(offsets, /^monotonic +3600 +500000000\nboottime +-1 +0$/);
});

skipUnless(test, either(rootOnly(), noUser), 'the ids of the host, and ranges of them', () => {
  const [ids, ranges] = runEach([
    ['run', '--bare', '--uid', '33', '--gid', '34', '--groups', '35,36', 'id'],
    [
      'run',
      '--bare',
      '--unshare',
      'user',
      '--map-users',
      '0:0:1,5:100000:10',
      '--map-groups',
      '0:0:50',
      '--uid',
      '7',
      'id',
      '-u',
    ],
  ]);
  assert.match(printed(ids as Ended), /^uid=33.* gid=34.* groups=34[^,]*,35[^,]*,36/);
  assert.is(printed(ranges as Ended), '7');
});

test('what cannot be understood ends with 125, and is named', () => {
  const cases: [line: string[], says: RegExp][] = [
    [['run', '--no-such-option', 'true'], /--no-such-option/],
    [['run', '--unshare', 'user,nothing', 'true'], /"nothing".*user, mount, pid, net/s],
    [['run', '--share', 'nothing', 'true'], /"nothing"/],
    [['run', '--net', 'wlan', 'true'], /wlan.*none, loopback, host/s],
    [['run', '--uid', 'root', 'true'], /--uid.*root.*not an id/s],
    [['run', '--gid', '-1', 'true'], /--gid.*-1/s],
    [['run', '--groups', '1,x', 'true'], /--groups.*x/s],
    [['run', '--uid', '4294967295', 'true'], /4294967295/],
    [['run', '--umask', '8', 'true'], /--umask.*8.*octal/s],
    [['run', '--umask', '7777', 'true'], /umask.*7777|umask.*4095/s],
    [['run', '--monotonic', 'soon', 'true'], /--monotonic.*soon/s],
    [['run', '--boottime', '1e99', 'true'], /--boottime.*1e99/s],
    [['run', '--env', 'NAME', 'true'], /--env.*NAME=VALUE/s],
    [['run', '--map-users', '0:1', 'true'], /0:1.*INSIDE:OUTSIDE:COUNT/s],
    [['run', '--map-root', '--map-users', '0:0:1', 'true'], /mapRoot/],
    [['run', '--cap', 'CAP_FLY', 'true'], /CAP_FLY/],
    [['run', '--hostname', '', 'true'], /hostname/],
    [['run', '--hostname', 'x'.repeat(65), 'true'], /hostname.*65/s],
    [['run', '--bare', '--hostname', 'box', 'true'], /hostname.*uts/s],
    [['run', '--bare', '--spec', 'x', 'true'], /--bare.*--spec/s],
    [['run', '--spec', '/no/such/file', 'true'], /\/no\/such\/file/],
    [['run', '--spec', file('broken.json', '{'), 'true'], /JSON/],
    [['run', '--spec', file('list.json', '[]'), 'true'], /not an object/],
    [['run', '--hostname'], /--hostname/],
    [['run'], /command/],
    [['run', ''], /command.*empty/s],
    [['explain', '--no-such-option', 'true'], /--no-such-option/],
    [['no-such-command'], /no-such-command/],
    [['help', 'no-such-command'], /Usage/],
    [[], /Usage/],
  ];
  const ended = runEach(cases.map(([line]) => line));
  cases.forEach(([line, says], i) => {
    const { status, stdout, stderr } = ended[i] as Ended;
    assert.match(stderr, /^isolate: (?!error)/, line.join(' '));
    assert.match(stderr, says, line.join(' '));
    assert.equal([line, status, stdout], [line, 125, '']);
    assert.not.match(stderr, /^\s+at /m, 'no stack');
  });
});

test('an error in the line names the help of the command that was used', () => {
  const cases: [line: string[], help: string][] = [
    [['no-such-command'], 'isolate --help'],
    [['--no-such-option'], 'isolate --help'],
    [['run'], 'isolate run --help'],
    [['run', '--no-such-option', 'true'], 'isolate run --help'],
    [['explain', '--no-such-option', 'true'], 'isolate explain --help'],
    [['enter'], 'isolate enter --help'],
    [['enter', '--no-such-option', '1', 'true'], 'isolate enter --help'],
    [['enter', '1', '--no-such-option', 'true'], 'isolate enter --help'],
    [['enter', '--only'], 'isolate enter --help'],
  ];
  const ended = runEach(cases.map(([line]) => line));
  cases.forEach(([line, help], i) => {
    const { status, stderr } = ended[i] as Ended;
    assert.equal([line, status, stderr.trimEnd().split('\n').at(-1)], [line, 125, `(${help} tells more)`]);
  });
});

test('a list with an empty element is refused: nothing is isolated less than was meant', () => {
  const lists = ['--unshare', '--share', '--map-users', '--map-groups', '--groups', '--cap'];
  const elements = ['user', 'uts', '0:0:1', '0:0:1', '1', 'chown'];
  const cases = lists.flatMap((option, i) => [
    ...[`${elements[i]},`, `,${elements[i]}`, ',', `${elements[i]},,${elements[i]}`].map((text) => [option, text]),
    // No groups, and no capabilities, can be meant.
    ...(['--groups', '--cap'].includes(option) ? [] : [[option, '']]),
  ]) as [option: string, text: string][];
  const ended = runEach(cases.map(([option, text]) => ['run', '--bare', option, text, 'echo', 'it ran']));
  cases.forEach(([option, text], i) => {
    const { status, stdout, stderr } = ended[i] as Ended;
    assert.equal([option, text, status, stdout], [option, text, 125, '']);
    assert.match(stderr, new RegExp(`^isolate: option '${option} .*'${text}' is invalid.*empty`));
  });
});

skipUnless(test, noUser, "--cap '' keeps no capability", () => {
  const [ended] = runEach([
    ['run', '--bare', '--unshare', 'user', '--map-root', '--cap', '', 'grep', 'CapEff', '/proc/self/status'],
  ]);
  assert.is(printed(ended as Ended), 'CapEff:\t0000000000000000');
});

test('what cannot be written ends with 125', () => {
  const full = openSync('/dev/full', 'w');
  const toFull = (stdio: StdioOptions, ...argv: string[]) => {
    const [file, args] = isolateCommand(...argv);
    const { status, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository, stdio });
    return [status, stderr];
  };
  const says = 'isolate: stdout: ENOSPC: no space left on device, write\n';
  assert.equal(toFull(['ignore', full, 'pipe'], 'explain', '--bare', 'true'), [125, says]);
  assert.equal(toFull(['ignore', full, 'pipe'], 'run', '--help'), [125, says]);
  // Nobody can be told why.
  assert.equal(toFull(['ignore', 'pipe', full], 'run', '--no-such-option', 'true'), [125, null]);
  assert.equal(toFull(['ignore', 'pipe', full], 'run', '--bare', '/no/such/command'), [127, null]);
  closeSync(full);
});

test('where nobody reads on, isolate ends as SIGPIPE ends others: without a word', () => {
  const explain = quoted(isolateCommand('explain', '--bare', 'true'));
  // The reader is gone before there is anything to read.
  const script = `{ sleep 0.2; ${explain}; echo "status $?" >&2; } | :`;
  const { stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', cwd: repository });
  assert.is(stderr, `status ${128 + constants.signals.SIGPIPE}\n`);
});

test('help is written to stdout, and as it was', () => {
  const lines = [
    ['--help'],
    ['run', '--help'],
    ['explain', '--help'],
    ['enter', '--help'],
    ['top', '--help'],
    ['gc', '--help'],
    ['--version'],
  ];
  const [main, run, explain, enter, top, gc, version] = runEach(lines);
  matchesText('help.txt', printed(main as Ended));
  matchesText('help-run.txt', printed(run as Ended));
  matchesText('help-explain.txt', printed(explain as Ended));
  matchesText('help-enter.txt', printed(enter as Ended));
  matchesText('help-top.txt', printed(top as Ended));
  matchesText('help-gc.txt', printed(gc as Ended));
  assert.match(printed(version as Ended), /^\d+\.\d+\.\d+$/);
});

test('run and explain take the same options, but for --diff, --stats, --status-json and --json', () => {
  const [run, explain] = runEach([
    ['run', '--help'],
    ['explain', '--help'],
  ]);
  const options = (ended: Ended | undefined) => new Set(printed(ended as Ended).match(/^ {2}(-\w, )?--[\w-]+/gm));
  const missing = (from: Ended | undefined, to: Ended | undefined) =>
    [...options(from)].filter((option) => !options(to).has(option));
  assert.equal(
    [missing(explain, run), missing(run, explain)],
    [['  --json'], ['  --diff', '  --status-json', '  --stats']],
  );
  assert.ok(options(run).size > 30);
});

skipUnless(test, noProc, 'a spec makes the trip through a file, and through stdin', () => {
  const { spec } = isolate().hostname('from-a-file').env({ A: 'b' }).umask(0o077);
  const path = file('spec.json', JSON.stringify(spec));
  const script = 'uname -n; echo $A; umask';
  assert.is(printed(runIsolate(['run', '--spec', path, 'sh', '-c', script])), 'from-a-file\nb\n0077');
  const changed = ['run', '--spec', '-', '--hostname', 'changed', 'sh', '-c', script];
  assert.is(printed(runIsolate(changed, { input: JSON.stringify(spec) })), 'changed\nb\n0077');
  const [explained] = runEach([['explain', '--json', '--spec', path, 'sh', '-c', script]]);
  const calls = ({ steps }: { steps: readonly PlanStepJson[] }) => steps.map(({ call, from }) => `${call} ${from}`);
  assert.equal(
    calls(JSON.parse(printed(explained as Ended))),
    calls(isolate.from(spec).plan('sh', ['-c', script]).toJSON()),
  );
});

test('a spec with a field that is not known is refused, as are wrong values', () => {
  const { spec } = bare();
  const specs = {
    seccomp: { ...spec, seccomp: true },
    version: { ...spec, version: 2 },
    unshare: { ...spec, unshare: ['nothing'] },
    hostname: { ...spec, hostname: 7 },
    env: { version: 1, unshare: [] },
  };
  const lines = Object.entries(specs).map(([name, json]) => file(`${name}.json`, JSON.stringify(json)));
  const ended = runEach(lines.map((path) => ['run', '--spec', path, 'echo', 'it ran']));
  Object.keys(specs).forEach((field, i) => {
    assert.equal([ended[i]?.status, ended[i]?.stdout], [125, '']);
    assert.match(ended[i]?.stderr as string, new RegExp(`^isolate: ${field}: `));
  });
});

skipUnless(test, noProc, 'explain runs nothing, and tells every call', () => {
  const made = join(folder, 'made-by-explain');
  const [text, json] = runEach([
    ['explain', '--hostname', 'box', '--', 'touch', made],
    ['explain', '--json', '--hostname', 'box', '--', 'touch', made],
  ]);
  const { steps } = JSON.parse(printed(json as Ended)) as { steps: PlanStepJson[] };
  assert.ok(steps.some(({ call, args }) => call === 'sethostname' && args.join(', ') === '"box", 3'));
  assert.match(printed(text as Ended), /^ +\d+ +sethostname\("box", 3\)$/m);
  assert.is(spawnSync('ls', [made]).status === 0, false, 'the command has run');
});

test('the options of the command are its own', () => {
  const ended = runEach([
    ['run', '--bare', '--', 'echo', '--bare', '-l', '--', '--help'],
    ['run', '--bare', 'echo', '--bare', '--help', '-x'],
    ['run', '--bare', 'echo', '--', 'x'],
    ['run', '--bare', 'ls', '-d', '/'],
  ]);
  assert.equal(ended.map(printed), ['--bare -l -- --help', '--bare --help -x', '-- x', '/']);
});

test('stdin, stdout and stderr are those of isolate', () => {
  const script = 'cat; echo err >&2; exit 4';
  const ended = runIsolate(['run', '--bare', '--', 'sh', '-c', script], { input: 'a\nb\0c\n'.repeat(50_000) });
  assert.equal([ended.status, ended.stderr, ended.stdout.length], [4, 'err\n', 6 * 50_000]);
  assert.is(ended.stdout, 'a\nb\0c\n'.repeat(50_000));
});

skipUnless(test, commandMissing('script'), 'a terminal is passed through', () => {
  const command = quoted(
    isolateCommand('run', '--bare', '--', 'sh', '-c', 'test -t 0 && test -t 1 && tty && stty size'),
  );
  const { stdout } = spawnSync('script', ['--quiet', '--command', `stty rows 33 cols 44; ${command}`, '/dev/null'], {
    encoding: 'utf8',
    cwd: repository,
  });
  assert.match(stdout, /^\/dev\/pts\/\d+\r\n33 44\r\n$/);
});

test('what makes a checkout ready leaves packages alone that another checkout lends it', () => {
  const [checkout, lent] = [join(folder, 'checkout'), join(folder, 'lent')];
  const lock = { name: 'checkout', version: '1.0.0', lockfileVersion: 3, packages: { '': {} } };
  mkdirSync(join(checkout, 'scripts'), { recursive: true });
  mkdirSync(join(lent, 'package'), { recursive: true });
  copyFileSync(join(repository, 'scripts/ready.mjs'), join(checkout, 'scripts/ready.mjs'));
  writeFileSync(join(checkout, 'package.json'), '{ "name": "checkout", "version": "1.0.0" }');
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock));
  symlinkSync(lent, join(checkout, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts/ready.mjs')], { encoding: 'utf8' });
  assert.equal(readdirSync(lent), ['package']);
  assert.is(status, 1);
  assert.match(stderr, /^node_modules is a symbolic link.*remove the link/);
});

test.run();
