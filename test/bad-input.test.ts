// What cannot be is refused before anything is done, by an error that says which part of the input it is, and the way out
// where there is one. Where only the kernel knows, the error is of the step, and nothing is left.
import { createReadStream, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import type { StdioInput } from '../src/builder/process/stdio-input.js';
import type { Host } from '../src/builder/spec/host.js';
import { thisHost } from '../src/builder/this-host.js';
import { bare, isolate, type Sandbox, SpecError, StepError } from '../src/index.js';
import { namespaceKinds } from '../src/ns/index.js';
import { skipUnless, timeNamespacesRefused } from './helpers/can.js';
import { assertSameHost, type HostState, hostState } from './helpers/host-state.js';

/** Something that is to be refused, and how. */
interface Refused {
  /** The field that the error names. */
  readonly field: string;
  /** What its help says; it has none where this is left out. */
  readonly help?: RegExp;
  /** Why it is refused for another reason here. */
  readonly skip?: string | undefined;
}

function assertRefused(error: unknown, { field, help }: Refused, title: string): asserts error is SpecError {
  assert.instance(error, SpecError, `${title}: ${error}`);
  const { code, message, help: given } = error as SpecError;
  assert.is(code, 'ERR_ISOLATE_SPEC', title);
  assert.is((error as SpecError).field, field, `${title}: ${message}`);
  assert.ok(message.startsWith(`${field}: `), message);
  if (help === undefined) assert.is(given, undefined, title);
  else assert.match(given ?? '', help, title);
  if (given !== undefined) assert.ok(message.includes(given), message);
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}

/** The page faults of all children that were waited for: no child can come and go without one. See proc_pid_stat(5). */
function faultsOfChildren(): number {
  const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(/\) (?=\w )/);
  return Number(fields.split(' ')[8]);
}

/** No process was started, and nothing changed. */
async function doesNothing(title: string, run: () => Promise<void>): Promise<void> {
  const before: HostState = hostState();
  const faults = faultsOfChildren();
  await run();
  assert.is(faultsOfChildren(), faults, `${title}: a process was started`);
  assertSameHost(before, title);
}

type CommandLine = readonly [file: string, args?: readonly string[]];

/** A sandbox or a command that is refused when it is planned, and in the same words when it is started. */
function refuses(
  title: string,
  { skip, ...refused }: Refused,
  make: () => Sandbox,
  [file, args]: CommandLine = ['true'],
): void {
  skipUnless(test, skip, title, () =>
    doesNothing(title, async () => {
      const error = thrown(() => make().plan(file, args));
      assertRefused(error, refused, title);
      const started = await rejection((async () => make().spawn(file, args))());
      assertRefused(started, refused, title);
      assert.is(started.message, error.message);
      assertRefused(await rejection((async () => make().run(file, args))()), refused, title);
    }),
  );
}

/** The same for another host, as for a caller without privileges. */
function refusesOn(host: Partial<Host>, title: string, refused: Refused, make: () => Sandbox): void {
  const whole = Object.assign({ ...thisHost() }, host);
  test(title, () =>
    assertRefused(
      thrown(() => compile(make().spec, { file: 'true', args: [] }, whole)),
      refused,
      title,
    ),
  );
}

test('what is counted as started is what is started', async () => {
  const faults = faultsOfChildren();
  await bare().run('true');
  assert.ok(faultsOfChildren() > faults);
});

const nul = 'a\0b';

// A C string ends at a NUL: what follows would be cut off without a word.
refuses('a NUL in the command', { field: 'command' }, () => bare(), [nul]);
refuses('a NUL in an argument', { field: 'command' }, () => bare(), ['echo', ['a', nul]]);
refuses('a NUL in the name of a variable', { field: 'env' }, () => bare().env({ [nul]: '1' }));
refuses('a NUL in the value of a variable', { field: 'env' }, () => bare().env({ A: nul }));
refuses('a NUL in the host name', { field: 'hostname' }, () => isolate().hostname(nul));
refuses('a NUL in the domain name', { field: 'domainname' }, () => isolate().domainname(nul));
refuses('a NUL in the working directory', { field: 'cwd' }, () => bare().cwd(`/${nul}`));
refuses('a NUL in argv[0]', { field: 'argv0' }, () => bare().argv0(nul));
refuses('a NUL in the place of proc', { field: 'files' }, () => isolate().proc(`/${nul}`));

const through = /through a file or stdin/;
const twoMillion = 'x'.repeat(2_000_000);
const many = Array.from({ length: 70 }, () => 'x'.repeat(100_000));
refuses('an argument of 2 MB', { field: 'arguments', help: through }, () => bare(), ['echo', [twoMillion]]);
refuses('arguments of 7 MB together', { field: 'arguments', help: through }, () => bare(), ['echo', many]);
refuses('a hundred thousand arguments', { field: 'arguments', help: through }, () => bare(), [
  'echo',
  new Array(1_000_000).fill('x'),
]);
refuses('a command of 2 MB', { field: 'arguments', help: through }, () => bare(), [twoMillion]);
refuses('a variable of 2 MB', { field: 'env', help: through }, () => bare().env({ A: twoMillion }));
refuses('variables of 7 MB together', { field: 'arguments', help: through }, () =>
  bare().env(Object.fromEntries(many.map((value, i) => [`A${i}`, value]))),
);

test('the longest argument that is not refused is taken by the kernel', async () => {
  const longest = 32 * 4096 - 1;
  const { stdout } = await bare().run('printf', ['%s', 'x'.repeat(longest)]);
  assert.is(stdout.length, longest);
  const error = thrown(() => bare().plan('printf', ['%s', 'x'.repeat(longest + 1)]));
  assertRefused(error, { field: 'arguments', help: through }, 'one more');
});

test('as many arguments as are not refused are taken by the kernel', async () => {
  const sandbox = bare().clearEnv();
  const withSize = (size: number) => [...new Array(Math.floor(size / 1009)).fill('x'.repeat(1000)), 'y'];
  let [works, refused] = [0, 8 * 2 ** 20];
  while (refused - works > 1009) {
    const middle = Math.floor((works + refused) / 2);
    if (thrown(() => sandbox.plan('/bin/true', withSize(middle))) === undefined) works = middle;
    else refused = middle;
  }
  assert.ok(works > 100_000, String(works));
  const { exit } = await sandbox.run('/bin/true', withSize(works));
  assert.is(exit.kind === 'exited' && exit.code, 0);
});

refuses('an empty command', { field: 'command' }, () => bare(), ['']);
refuses('a command that is no string', { field: 'command' }, () => bare(), [undefined as unknown as string]);
refuses('an argument that is no string', { field: 'command' }, () => bare(), ['echo', [5 as unknown as string]]);
refuses('arguments in one string', { field: 'command', help: /\['a', 'b'\]/ }, () => bare(), [
  'ls',
  '-l' as unknown as string[],
]);
refuses('options in the place of the arguments', { field: 'command', help: /before the options/ }, () => bare(), [
  'ls',
  { stdio: 'pipe' } as unknown as string[],
]);

refuses('a variable without a name', { field: 'env' }, () => bare().env({ '': '1' }));
refuses('a variable with a = in its name', { field: 'env' }, () => bare().env({ 'A=B': '1' }));
refuses('a variable that is a number', { field: 'env' }, () => bare().env({ A: 1 as unknown as string }));

const kinds = /user, mount, pid, net, ipc, uts, cgroup, time/;
for (const unknown of ['network', 'PID', '', 'toString']) {
  const kind = unknown as 'net';
  refuses(`unshare: ${unknown}`, { field: 'unshare', help: kinds }, () => bare().unshare('pid', kind));
  refuses(`share: ${unknown}`, { field: 'share', help: kinds }, () => isolate().share('pid', kind));
  refuses(`a spec with ${unknown}`, { field: 'unshare', help: kinds }, () =>
    isolate.from({ version: 1, unshare: ['user', kind], env: { inherit: true, set: {} } }),
  );
}

for (const field of ['hostname', 'domainname'] as const) {
  for (const name of ['', 'x'.repeat(65), 'é'.repeat(33)]) {
    refuses(`${field} of ${Buffer.byteLength(name)} bytes`, { field }, () => isolate()[field](name));
  }
}

test('a host name of 64 bytes is taken by the kernel', async () => {
  for (const name of ['x'.repeat(64), 'é'.repeat(32)]) {
    const { stdout } = await isolate().hostname(name).run('cat', ['/proc/sys/kernel/hostname']);
    assert.is(stdout, `${name}\n`);
  }
});

const line = (inside: number, outside: number, count: number) => ({ inside, outside, count });
const maps: Readonly<Record<string, readonly ReturnType<typeof line>[]>> = {
  'without a line': [],
  'of more than 340 lines': Array.from({ length: 341 }, (_, i) => line(i, i, 1)),
  'of more than a page': Array.from({ length: 340 }, (_, i) => line(i, 2e9 + i, 1)),
  'whose lines overlap inside': [line(0, 1000, 10), line(9, 2000, 10)],
  'whose lines overlap outside': [line(0, 1000, 10), line(100, 1009, 10)],
  'with a line twice': [line(0, 1000, 1), line(0, 1000, 1)],
  'of no ids': [line(0, 1000, 0)],
  'of a negative count': [line(0, 1000, -1)],
  'of a fraction': [line(0, 1000, 1.5)],
  'from a fraction': [line(0.5, 1000, 1)],
  'from a negative id': [line(-1, 1000, 1)],
  'to a negative id': [line(0, -1, 1)],
  'of NaN': [line(Number.NaN, 1000, 1)],
  'from the id that is none': [line(2 ** 32 - 1, 1000, 1)],
  'to the id that is none': [line(0, 2 ** 32 - 1, 1)],
  'beyond the last id inside': [line(2 ** 32 - 2, 0, 2)],
  'beyond the last id outside': [line(0, 2 ** 32 - 2, 2)],
  'of too many ids': [line(0, 0, 2 ** 32)],
};
for (const [what, map] of Object.entries(maps)) {
  refuses(`a map of users ${what}`, { field: 'userMap' }, () => isolate().mapUsers(...map));
  refuses(`a map of groups ${what}`, { field: 'groupMap' }, () => isolate().mapGroups(...map));
}
for (const text of ['', '0', '0:0', '0:0:1:2', 'a:b:c', '0:-1:1', '0:0:1.5', ' 0:0:1', '0x0:0:1']) {
  refuses(`the map ${JSON.stringify(text)}`, { field: 'userMap' }, () => isolate().mapUsers(text));
  refuses(`the map of groups ${JSON.stringify(text)}`, { field: 'groupMap' }, () => isolate().mapGroups(text));
}
refuses('a map, and root', { field: 'mapRoot', help: /the one or the other/ }, () =>
  isolate().mapRoot().mapUsers('0:0:1'),
);

test('a map of 340 lines can be planned', () => {
  const host: Host = { ...thisHost(), uid: 0, gid: 0, capabilities: 2n ** 41n - 1n };
  const ids = Array.from({ length: 340 }, (_, i) => line(i, i + 1000, 1));
  const { spec } = bare()
    .unshare('user')
    .mapUsers(...ids)
    .mapGroups(...ids);
  assert.ok(compile(spec, { file: 'true', args: [] }, host).steps.length > 0);
});

const nobody: Partial<Host> = { uid: 1000, gid: 1000, capabilities: 0n };
const rootOr = /\.mapRoot\(\)|run as root/;
refusesOn(nobody, 'a map of others without privilege', { field: 'userMap', help: rootOr }, () =>
  isolate().mapUsers('0:100000:65536'),
);
refusesOn(nobody, 'a map of other groups without privilege', { field: 'groupMap', help: rootOr }, () =>
  isolate().mapGroups('0:100000:65536'),
);
refusesOn(nobody, 'groups without privilege', { field: 'groups', help: rootOr }, () => isolate().groups(1000));
refusesOn(nobody, 'another user of the host without privilege', { field: 'uid', help: rootOr }, () => bare().uid(0));
refusesOn(nobody, 'another group of the host without privilege', { field: 'gid', help: rootOr }, () => bare().gid(0));
refusesOn(nobody, 'groups of the host without privilege', { field: 'groups', help: rootOr }, () => bare().groups(5));
refusesOn(nobody, 'namespaces without privilege', { field: 'unshare', help: /\.unshare\('user'\)/ }, () =>
  bare().unshare('net', 'uts'),
);
refusesOn(nobody, 'a capability that the caller does not have', { field: 'capabilities' }, () =>
  bare().noNewPrivs().capabilities(['CAP_NET_ADMIN']),
);
refusesOn(nobody, 'capabilities that could come back', { field: 'capabilities', help: /\.noNewPrivs\(\)/ }, () =>
  bare().capabilities([]),
);
refusesOn(
  { namespaces: ['user', 'pid'] },
  'a kind that the kernel lacks',
  { field: 'unshare', help: /\.share\('uts'\)/ },
  () => bare().unshare('user', 'uts'),
);
refusesOn({ lastCapability: 10 }, 'a capability that the kernel lacks', { field: 'capabilities' }, () =>
  isolate().capabilities(['CAP_BPF']),
);

const map = /map it with/;
refuses('a user that is not in the map', { field: 'uid', help: map }, () => isolate().uid(54321));
refuses('a group that is not in the map', { field: 'gid', help: map }, () => isolate().gid(54321));
refuses('root, where it is not in the map', { field: 'uid', help: map }, () =>
  isolate().mapUsers(`5:${process.geteuid?.()}:1`).uid(0),
);

for (const id of [-1, 0.5, Number.NaN, 2 ** 32 - 1, 2 ** 32, '0' as unknown as number]) {
  refuses(`the user ${id}`, { field: 'uid' }, () => isolate().uid(id));
  refuses(`the group ${id}`, { field: 'gid' }, () => isolate().gid(id));
  refuses(`the supplementary group ${id}`, { field: 'groups' }, () => isolate().groups(0, id));
}

const add = (kind: string) => new RegExp(`add \\.unshare\\('${kind}'\\)`);
const without = (kind: (typeof namespaceKinds)[number]) =>
  bare().unshare(...namespaceKinds.filter((other) => other !== kind && other !== 'time'));
refuses('a host name in the namespace of the host', { field: 'hostname', help: add('uts') }, () =>
  without('uts').hostname('box'),
);
refuses('a domain name in that of the host', { field: 'domainname', help: add('uts') }, () =>
  without('uts').domainname('box'),
);
refuses('the loopback interface of the host', { field: 'loopback', help: add('net') }, () => without('net').loopback());
refuses('root without a user namespace', { field: 'mapRoot', help: add('user') }, () => bare().mapRoot());
refuses('a map without a user namespace', { field: 'userMap', help: add('user') }, () => bare().mapUsers('0:0:1'));
refuses('a map of groups without one', { field: 'groupMap', help: add('user') }, () => bare().mapGroups('0:0:1'));
refuses('proc without a mount namespace', { field: 'files', help: add('mount') }, () => without('mount').proc('/proc'));
refuses('proc without a PID namespace', { field: 'files', help: add('pid') }, () => without('pid').proc('/proc'));
refuses('clocks without a time namespace', { field: 'clock', help: add('time') }, () =>
  isolate.from({ version: 1, unshare: [], env: { inherit: true, set: {} }, clock: { monotonic: 1 } }),
);

for (const target of ['', 'proc', './proc']) {
  refuses(`proc at ${JSON.stringify(target)}`, { field: 'files' }, () => isolate().proc(target));
}
refuses('a working directory that is no text', { field: 'cwd' }, () => bare().cwd(5 as never));
refuses('a host name that is no text', { field: 'hostname' }, () =>
  bare()
    .unshare('uts')
    .hostname(5 as never),
);
refuses('more groups than a process can have', { field: 'groups' }, () => bare().groups(...Array(65_537).fill(4)));
refuses('an empty working directory', { field: 'cwd' }, () => bare().cwd(''));
for (const name of ['CAP_NOPE', '', 'toString', 'CAP_']) {
  refuses(`the capability ${name}`, { field: 'capabilities' }, () => isolate().capabilities([name as 'BPF']));
}
for (const mask of [-1, 0o1000, 0.5, Number.NaN, '022' as unknown as number]) {
  refuses(`the mask ${mask}`, { field: 'umask' }, () => bare().umask(mask));
}
const noTime = timeNamespacesRefused();
for (const seconds of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 33, -(2 ** 33), '5' as unknown as number]) {
  refuses(`a clock that is ${seconds} s ahead`, { field: 'clock', skip: noTime }, () =>
    isolate().clock({ monotonic: seconds }),
  );
}
refuses('a clock that there is not', { field: 'clock', help: /monotonic or boottime/, skip: noTime }, () =>
  isolate().clock({ realtime: 5 } as object),
);

const stdios = ['pipes', -1, 0.5, 2 ** 31, null, true, {}, []] as StdioInput[];
for (const entry of stdios) {
  const title = `stdio: ${JSON.stringify(entry)}`;
  test(title, () =>
    doesNothing(title, async () => {
      const refused = { field: 'stdio' };
      const options = { stdio: ['ignore', 'ignore', 'ignore', entry] } as const;
      const error = await rejection(bare().spawn('true', [], options));
      assert.instance(error, SpecError, `${error}`);
      assert.is((error as SpecError).field, refused.field);
    }),
  );
}
refuses('a word for all of stdio that is none', { field: 'stdio' }, () => bare().stdio('none' as 'pipe'));
refuses('more descriptors than can be', { field: 'stdio' }, () => bare().stdio(new Array(300).fill('ignore')));

test('a stream without a descriptor', () =>
  doesNothing('a stream', async () => {
    const stream = createReadStream('/dev/null');
    const error = await rejection(bare().spawn('true', [], { stdio: [stream, 'ignore', 'ignore'] }));
    assertRefused(error, { field: 'stdio', help: /'open'/ }, 'a stream');
    await new Promise<void>((resolve) => stream.on('close', () => resolve()).destroy());
  }));

test('a descriptor that is not open', async () => {
  await bare().run('true');
  const before = hostState();
  const lists: number[][] = [[999], [0, 999], [0, 1, 2, 999], [0, 1, 2, 3, 4, 5, 998, 999]];
  for (const list of lists) {
    const stdio = list.map((fd) => (fd < 900 ? ('ignore' as const) : fd));
    for (const sandbox of [bare(), isolate()]) {
      const error = await rejection(sandbox.spawn('true', [], { stdio }));
      assert.instance(error, StepError, `${error}`);
      const { code, call, where, from } = error as StepError;
      assert.is(code, 'EBADF');
      assert.is(where, 'child');
      assert.match(call, /^(dup3|fcntl)\(99[89], /);
      assert.match(from, /^stdio: .*99[89]/);
      assertSameHost(before, `stdio: ${JSON.stringify(stdio)}`);
    }
  }
});

test('an inherited descriptor that is not open', async () => {
  const before = hostState();
  const stdio = [...new Array(200).fill('ignore'), 'inherit'] as const;
  const error = await rejection(bare().spawn('true', [], { stdio }));
  assert.instance(error, StepError, `${error}`);
  assert.is((error as StepError).code, 'EBADF');
  assertSameHost(before, 'inherit');
});

const spec = { version: 1, unshare: [], env: { inherit: true, set: {} } } as const;

test('the smallest spec is one', async () => {
  const { exit } = await isolate.from(JSON.stringify(spec)).run('true');
  assert.is(exit.kind === 'exited' && exit.code, 0);
});

for (const json of ['', '{', 'undefined', "{'version': 1}"]) {
  refuses(`a spec that is not JSON: ${json}`, { field: 'spec' }, () => isolate.from(json));
}
for (const value of [null, 5, [], [spec], true, undefined]) {
  refuses(`a spec that is ${JSON.stringify(value)}`, { field: 'spec' }, () => isolate.from(value));
}
for (const field of ['version', 'unshare', 'env'] as const) {
  const { [field]: _, ...rest } = spec;
  refuses(`a spec without ${field}`, { field }, () => isolate.from(rest));
}
for (const version of [0, 2, '1', null]) {
  refuses(`a spec of version ${JSON.stringify(version)}`, { field: 'version' }, () =>
    isolate.from({ ...spec, version }),
  );
}
for (const unknown of ['seccomp', 'hostName', 'toString', 'constructor']) {
  refuses(`a spec with the field ${unknown}`, { field: unknown }, () => isolate.from({ ...spec, [unknown]: true }));
}
refuses('a spec with the field __proto__', { field: '__proto__' }, () =>
  isolate.from('{"version": 1, "unshare": [], "env": {"inherit": true, "set": {}}, "__proto__": {"uid": 0}}'),
);

const wrongTypes: Readonly<Record<string, readonly unknown[]>> = {
  unshare: ['pid', [5], {}, null],
  userMap: [{}, '0:0:1', ['0:0:1'], [{ inside: 0, outside: 0 }], [{ inside: '0', outside: 0, count: 1 }], [null]],
  groupMap: [{}, [[0, 0, 1]], null],
  mapRoot: [false, 1, 'yes', null],
  hostname: [5, ['box'], null],
  domainname: [5, null],
  proc: [true, 5, null],
  loopback: [false, 'up'],
  clock: [5, [], null, 'monotonic'],
  env: [
    {},
    [],
    { inherit: true },
    { inherit: 1, set: {} },
    { inherit: true, set: [] },
    { inherit: true, set: null },
    null,
  ],
  cwd: [5, null],
  uid: ['0', null, [0]],
  gid: ['0', null],
  groups: [0, ['0'], null],
  umask: ['022', null],
  argv0: [5, null],
  stdio: ['pipe', [null], [{}], [true], null],
  noNewPrivs: [false, 1, null],
  capabilities: ['BPF', [5], null],
  newSession: [false, null],
  dieWithParent: [false, 'yes'],
};
for (const [field, values] of Object.entries(wrongTypes)) {
  for (const value of values) {
    refuses(`a spec with ${field}: ${JSON.stringify(value)}`, { field }, () =>
      isolate.from({ ...spec, [field]: value }),
    );
  }
}

// What this version does not know might be a protection, also where it is deeper inside.
refuses('a spec with an unknown field of env', { field: 'env' }, () =>
  isolate.from({ ...spec, env: { ...spec.env, only: ['PATH'] } }),
);
refuses('a spec with an unknown field of a map', { field: 'userMap' }, () =>
  isolate.from({ ...spec, unshare: ['user'], userMap: [{ ...line(0, process.geteuid?.() ?? 0, 1), readOnly: true }] }),
);
refuses('a spec with a variable that is a number', { field: 'env' }, () =>
  isolate.from({ ...spec, env: { inherit: true, set: { A: 5 } } }),
);

test('a kind of namespaces that a spec names twice is made once', () => {
  const cloneOf = (sandbox: Sandbox) => {
    const plan = sandbox.plan('true');
    return plan.steps.map(({ step }) => plan.render(step)).find((call) => call.startsWith('clone3'));
  };
  const once = cloneOf(isolate.from({ ...spec, unshare: ['user', 'uts'] }));
  const twice = () => isolate.from({ ...spec, unshare: ['user', 'uts', 'user', 'uts'] });
  const error = thrown(() => twice().plan('true'));
  if (error !== undefined) assertRefused(error, { field: 'unshare' }, 'twice');
  else assert.is(cloneOf(twice()), once);
});

test.run();
