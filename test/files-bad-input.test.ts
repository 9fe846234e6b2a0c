// What cannot be of a view is refused before anything is done, by an error that names the entry and the path. Where only the kernel
// knows, the error is of the step, and nothing is left.
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { thisHost } from '../src/builder/this-host.js';
import { bare, type Host, isolate, Sandbox, SpecError, StepError } from '../src/index.js';
import { initFile } from '../src/sys/launcher/init-file.js';
import { isRoot, memoryOverlaysRefused, skipUnless } from './helpers/can.js';
import { foldersFor, stateOf } from './helpers/folder.js';
import { assertSameHost, children, hostState, openDescriptors } from './helpers/host-state.js';
import { shell } from './helpers/inside.js';
import { runPlan } from './helpers/run-plan.js';
import { noNamespaces } from './helpers/ways.js';

const newFolder = foldersFor(test);

const box = bare().unshare('user', 'mount', 'pid', 'net', 'ipc').cwd('/');
const missing = '/nonexistent/of/isolate';

interface Refused {
  readonly field?: string;
  /** What the message has to have: the entry as it stands in a program, and the path. */
  readonly says: readonly (string | RegExp)[];
  readonly help?: RegExp;
  /** Why something else is said here. */
  readonly skip?: string | undefined;
}

function assertRefused(error: unknown, { field = 'files', says, help }: Refused, title: string): void {
  assert.instance(error, SpecError, `${title}: ${error}`);
  const { message, help: given, field: named } = error as SpecError;
  assert.is(named, field, `${title}: ${message}`);
  for (const text of says) {
    if (typeof text === 'string') assert.ok(message.includes(text), `${title}: ${text} is not in: ${message}`);
    else assert.match(message, text);
  }
  if (help !== undefined) assert.match(given ?? '', help);
}

/** What a plan that is refused could have left: the whole state is compared once more in the end. */
function quickState(): unknown {
  return [readFileSync('/proc/self/mountinfo', 'utf8'), openDescriptors(), children(), process.cwd()];
}
// The first command leaves what all others use.
await bare().run('true');
// Made once, and open as long as the program runs.
initFile();
const stateOfHost = hostState();

async function rejection(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Refused when it is planned, and in the same words when it is run; by both ways to make mounts. Nothing changed. */
function refuses(title: string, { skip, ...refused }: Refused, make: () => Sandbox): void {
  skipUnless(test, skip, title, async () => {
    const before = quickState();
    const planned = await rejection(async () => make().plan('true'));
    assertRefused(planned, refused, title);
    const run = await rejection(async () => make().run('true'));
    assertRefused(run, refused, title);
    assert.is((run as Error).message, (planned as Error).message);
    const classic = { ...thisHost(), mountCalls: 'classic' } as const;
    assertRefused(
      await rejection(async () => compile(make().spec, { file: 'true', args: [] }, classic)),
      refused,
      `${title}, with mount(2)`,
    );
    assert.equal(quickState(), before, title);
  });
}

function refusesOn(host: Partial<Host>, title: string, refused: Refused, make: () => Sandbox): void {
  test(title, async () => {
    const error = await rejection(async () =>
      compile(make().spec, { file: 'true', args: [] }, { ...thisHost(), ...host }),
    );
    assertRefused(error, refused, title);
  });
}

// Sources.

const folder = newFolder({ file: 'contents', 'dir/sub/': '', 'dir/file': '' });
const at = (name: string) => join(folder, name);
symlinkSync('loop-b', at('loop-a'));
symlinkSync('loop-a', at('loop-b'));
symlinkSync('itself', at('itself'));
symlinkSync('dir', at('link'));
symlinkSync('file', at('file-link'));
symlinkSync('nowhere', at('dangling'));
const stateBefore = stateOf(folder);

refuses(
  'a source that is missing',
  { says: ['.bind(', JSON.stringify(missing), 'is not there'], help: /\.tryBind\(\)/ },
  () => box.bind(missing, at('dir')),
);
refuses(
  'a source that is missing, read-only',
  { says: ['.roBind(', JSON.stringify(missing)], help: /\.tryRoBind\(\)/ },
  () => box.roBind(missing),
);
refuses('a source of devices that is missing', { says: ['.devBind(', JSON.stringify(missing)] }, () =>
  box.devBind(missing, at('dir')),
);
refuses('a source that is a link to nothing', { says: ['.bind(', at('dangling')] }, () =>
  box.bind(at('dangling'), at('dir')),
);
refuses('a source below a file', { says: ['.bind(', at('file/x')] }, () => box.bind(at('file/x'), at('dir')));
refuses('a source that is a loop of links', { says: ['.bind(', at('loop-a'), 'too many symbolic links'] }, () =>
  box.bind(at('loop-a'), at('dir')),
);
refuses(
  'a source that is a link to itself, if it is there',
  { says: ['.tryBind(', at('itself'), 'too many symbolic links'] },
  () => box.tryBind(at('itself'), at('dir')),
);
refuses('a directory on a file', { says: ['.bind(', at('file'), 'is no directory'] }, () =>
  box.bind(at('dir'), at('file')),
);
refuses('a file on a directory', { says: ['.roBind(', at('dir'), 'is a directory'] }, () =>
  box.roBind(at('file'), at('dir')),
);
refuses('a descriptor that is not open', { says: ['.bind(987', 'is not open'] }, () => box.bind(987, at('dir')));
refuses('a descriptor without a path', { says: ['.bind(', 'has no path'] }, () => box.bind(pipeEnd(), at('dir')));
for (const fd of [-1, 0.5, Number.NaN]) {
  refuses(`the descriptor ${fd}`, { says: ['.bind(', /not a descriptor/] }, () => box.bind(fd, at('dir')));
}
refuses('a descriptor without a target', { field: 'bind', says: ['no place of its own'] }, () => box.bind(0));
refuses('a descriptor of a file, on a directory', { says: ['.bind(', at('dir'), 'is a directory'] }, () =>
  box.bind(fileFd(), at('dir')),
);
for (const source of ['', 5.5 as unknown, null, undefined, {}]) {
  refuses(`the source ${JSON.stringify(source)}`, { field: source === '' ? 'bind' : 'files', says: [] }, () =>
    box.bind(source as string, at('dir')),
  );
}

const [pipeHeld, fileHeld]: [number[], number[]] = [[], []];
function pipeEnd(): number {
  // The epoll instance of Node, or a pipe of it: what has no path.
  pipeHeld[0] ??= openSync('/proc/self/ns/user', 'r');
  return pipeHeld[0];
}
function fileFd(): number {
  fileHeld[0] ??= openSync(at('file'), 'r');
  return fileHeld[0];
}
pipeEnd();
fileFd();

// Targets.

/** Each kind of entry with a target. */
const entries: Readonly<Record<string, (box: Sandbox, target: string) => Sandbox>> = {
  bind: (box, target) => box.bind('/etc', target),
  tmpfs: (box, target) => box.tmpfs(target),
  proc: (box, target) => box.proc(target),
  dev: (box, target) => box.dev(target),
  sysfs: (box, target) => box.sysfs(target),
  mqueue: (box, target) => box.mqueue(target),
  cgroupfs: (box, target) => box.unshare('cgroup').cgroup({}).cgroupfs(target),
  dir: (box, target) => box.dir(target),
  file: (box, target) => box.file(target, 'x'),
  symlink: (box, target) => box.symlink('to', target),
  remount: (box, target) => box.remount(target, { readOnly: true }),
  mask: (box, target) => box.mask(target),
  readonly: (box, target) => box.readonly(target),
  overlay: (box, target) => box.overlay(target),
  snapshot: (box, target) => box.snapshot(target),
  propagation: (box, target) => box.propagation('shared', target),
};

/** What else would be said first, on kernels that keep no changes in memory. */
const noOverlay = memoryOverlaysRefused();

for (const [name, put] of Object.entries(entries)) {
  const entry = `.${name}(`;
  const skip = ['overlay', 'snapshot'].includes(name) ? noOverlay : undefined;
  refuses(`${name}: ".." in the target`, { says: [entry, `${folder}/dir/../dir`, '".."'] }, () =>
    put(box, `${folder}/dir/../dir`),
  );
  refuses(`${name}: a target that is ".."`, { says: [entry, '".."'] }, () => put(box, '/..'));
  refuses(`${name}: a target that starts nowhere`, { says: [entry, '"relative/path"', 'not an absolute path'] }, () =>
    put(box, 'relative/path'),
  );
  refuses(`${name}: a target that is empty`, { says: ['not an absolute path'] }, () => put(box, ''));
  refuses(`${name}: a NUL in the target`, { says: [entry, 'NUL'] }, () => put(box, '/a\0b'));
  refuses(`${name}: a target that is too long`, { says: [entry, '4095'] }, () => put(box, '/x'.repeat(2048)));
  refuses(`${name}: a name that is too long`, { says: [entry, '255'] }, () => put(box, `/tmp/${'x'.repeat(256)}`));
  refuses(`${name}: a target below a file`, { says: [entry, at('file/x'), 'no directory'], skip }, () =>
    put(box, at('file/x')),
  );
  refuses(
    `${name}: a target in a loop of links`,
    { says: [entry, at('loop-a/x'), 'too many symbolic links'], skip },
    () => put(box, at('loop-a/x')),
  );
  refuses(
    `${name}: a target that is missing on a host that can be written`,
    { says: [entry, at('new'), 'is not there'], skip },
    () => put(box, at('new')),
  );
  if (!['dir', 'symlink'].includes(name)) {
    refuses(
      `${name}: a target that is a link`,
      { says: [entry, at(name === 'file' ? 'file-link' : 'link'), 'symbolic link'], skip },
      () => put(box, at(name === 'file' ? 'file-link' : 'link')),
    );
  }
  if (!['file', 'symlink', 'mask', 'readonly', 'remount', 'propagation'].includes(name)) {
    refuses(`${name}: a target that is a file`, { says: [entry, at('file'), 'no directory'], skip }, () =>
      put(box, at('file')),
    );
  }
  if (!['remount', 'readonly', 'dir', 'propagation'].includes(name)) {
    refuses(`${name}: the root as a target`, { says: [entry, /"\/"/] }, () => put(box, '/'));
  }
  if (!['mask', 'readonly', 'remount', 'overlay', 'snapshot', 'propagation'].includes(name)) {
    // A proc that is asked for takes the place of the one that is there by itself.
    const made = name === 'proc' ? box.hostRoot().proc() : box.hostRoot();
    refuses(`${name}: a target that is missing in proc`, { says: [entry, '/proc/isolate', 'is not there'] }, () =>
      put(made, '/proc/isolate/new'),
    );
    refuses(`${name}: a target that is missing in what is masked`, { says: [entry, at('dir/new')] }, () =>
      put(box.mask(at('dir')), at('dir/new')),
    );
    refuses(`${name}: a target that is missing in what was closed`, { says: [entry, at('dir/new'), 'read-only'] }, () =>
      put(box.tmpfs(at('dir')).readonly(at('dir')), at('dir/new')),
    );
  }
}

refuses('remount of what is no mount', { says: ['.remount(', at('dir'), 'nothing is mounted'] }, () =>
  box.remount(at('dir'), { readOnly: true }),
);
refuses('propagation of what is no mount', { says: ['.propagation(', at('dir'), 'nothing is mounted'] }, () =>
  box.propagation('shared', at('dir')),
);
refuses('a propagation that there is not', { says: ['.propagation(', 'up'], help: /private, slave/ }, () =>
  box.propagation('up' as 'slave', at('dir')),
);
refuses('a propagation that the host would see', { field: 'propagation', says: ['shared'] }, () =>
  box.propagation('shared'),
);
refuses('a link that says nothing', { says: ['.symlink('] }, () => box.tmpfs(at('dir')).symlink('', at('dir/x')));
refuses('a link that says a NUL', { says: ['.symlink(', 'NUL'] }, () =>
  box.tmpfs(at('dir')).symlink('a\0', at('dir/x')),
);
refuses('a link where another is', { says: ['.symlink(', at('link'), 'there already'] }, () =>
  box.symlink('other', at('link')),
);

refuses('a root that is missing', { field: 'root', says: [missing] }, () => box.rootfs(missing));
refuses('a root that is a file', { field: 'root', says: [at('file'), 'no directory'] }, () => box.rootfs(at('file')));
refuses('a root that is a loop', { field: 'root', says: [at('loop-a')] }, () => box.rootfs(at('loop-a')));

refuses('an overlay of a layer that is missing', { says: ['.overlay(', missing] }, () =>
  box.overlay(at('dir'), { lowers: ['/etc', missing] }),
);
refuses('an overlay of a layer that is a file', { says: ['.overlay(', at('file')] }, () =>
  box.overlay(at('dir'), { lowers: [at('file')] }),
);
refuses('an overlay of no layers', { says: ['.overlay(', 'something to lie on'], skip: noOverlay }, () =>
  box.overlay(at('dir'), { lowers: [] }),
);
refuses('an overlay with an upper directory alone', { says: ['.overlay(', 'work directory'] }, () =>
  box.overlay(at('dir'), { upper: at('dir/sub') }),
);
refuses('an overlay with a work directory that is missing', { says: ['.overlay(', missing] }, () =>
  box.overlay(at('dir'), { upper: at('dir/sub'), work: missing }),
);
refuses(
  'a snapshot of what is in memory',
  { says: ['.snapshot(', at('dir/new'), 'no directory of the host'], skip: noOverlay },
  () => box.tmpfs(at('dir')).dir(at('dir/new')).snapshot(at('dir/new')),
);
refuses(
  'a size for the second of two snapshots',
  { says: ['.snapshot(', at('dir')], help: /with the first/, skip: noOverlay },
  () => box.snapshot('/etc').snapshot(at('dir'), { size: '1M' }),
);
refuses('a work directory that is in the upper one', { says: ['.overlay(', at('dir/sub'), 'apart'] }, () =>
  box.overlay('/mnt', { lowers: ['/etc'], upper: at('dir'), work: at('dir/sub') }),
);

// Without what they need.

for (const [name, put] of Object.entries(entries)) {
  refuses(`${name} without a mount namespace`, { says: [/mount/], help: /\.unshare\('mount'\)/ }, () =>
    put(bare().unshare('user'), at('dir')),
  );
}
refusesOn(
  { openat2: false },
  'sysfs without a network of its own',
  { says: ['.sysfs('], help: /\.unshare\('net'\)/ },
  () => bare().unshare('user', 'mount').sysfs(at('dir')),
);
refusesOn({}, 'message queues of the host', { says: ['.mqueue('], help: /\.unshare\('ipc'\)/ }, () =>
  bare().unshare('user', 'mount').mqueue(at('dir')),
);
refusesOn({ overlayUserXattr: false }, 'an overlay before Linux 5.11', { says: ['.overlay(', '5.11'] }, () =>
  box.overlay(at('dir')),
);
refusesOn({ tmpfsUserXattr: false }, 'an overlay in memory before Linux 6.6', { says: ['.snapshot(', '6.6'] }, () =>
  box.snapshot(at('dir')),
);

// Numbers.

const sizes: readonly (number | string)[] = [
  0,
  '0',
  '0%',
  '0M',
  -1,
  '-1',
  1.5,
  '1.5',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '1e3',
  'junk',
  '',
  ' 1',
  '1 ',
  '101%',
  '1000%',
  '5%%',
  '%',
  'M',
  '1XB',
  '1P',
  '0x10',
  2 ** 53,
  String(2n ** 63n),
  '9999999999T',
  '9'.repeat(31),
  '1,mode=777',
  '1\0',
];
for (const size of sizes) {
  const shown = typeof size === 'string' ? JSON.stringify(size) : String(size);
  for (const name of ['tmpfs', 'overlay', 'snapshot'] as const) {
    refuses(`${name} with the size ${shown}`, { says: [`.${name}(`, at('dir')] }, () => box[name](at('dir'), { size }));
  }
}
skipUnless(test, noNamespaces, 'sizes at the edges are taken by the kernel', async () => {
  for (const size of [1, '1', '1%', '100%', '1k', 2 ** 53 - 1, String(2n ** 63n - 1n), '8388607T']) {
    assert.is(await shell(box.tmpfs(at('dir'), { size }), 'echo runs'), 'runs', String(size));
  }
});

for (const mode of [-1, 0o10000, 0.5, Number.NaN, '755' as unknown as number]) {
  refuses(`tmpfs with the mode ${mode}`, { says: ['.tmpfs(', at('dir'), 'mode'] }, () =>
    box.tmpfs(at('dir'), { mode }),
  );
  refuses(`a directory with the mode ${mode}`, { says: ['.dir(', at('dir/new'), 'mode'] }, () =>
    box.tmpfs(at('dir')).dir(at('dir/new'), { mode }),
  );
  refuses(`a file with the mode ${mode}`, { says: ['.file(', at('file'), 'mode'] }, () =>
    box.file(at('file'), '', { mode }),
  );
}
for (const inodes of [0, -1, 0.5, Number.NaN, 2 ** 53, '10' as unknown as number]) {
  refuses(`tmpfs with ${inodes} files`, { says: ['.tmpfs(', at('dir')] }, () => box.tmpfs(at('dir'), { inodes }));
}
skipUnless(test, noNamespaces, 'as many files as a number can say', async () => {
  const before = hostState();
  for (const inodes of [1, 2, 2 ** 31, 2 ** 53 - 1]) {
    const error = await rejection(() => shell(box.tmpfs(at('dir'), { inodes }), 'echo runs'));
    if (error === undefined) continue;
    assert.instance(error, StepError, `${inodes}: ${error}`);
    assert.match((error as StepError).from, /^\.tmpfs\(/);
  }
  assertSameHost(before, 'many files');
});

// Names that mean something to somebody, and nothing to the kernel.

const names = [
  'a b',
  ' ',
  'a\nb',
  'a,b',
  ',',
  'a:b',
  ':',
  'a\\b',
  '\\',
  '\\040',
  'a"b',
  "a'b",
  '$HOME',
  '`id`',
  '*',
  'ü\u{1F600}',
  '-rf',
  '#',
  'a=b',
  '"quoted"',
  '...',
  'x'.repeat(255),
];
for (const name of names) {
  skipUnless(test, noNamespaces, `the name ${JSON.stringify(name.slice(0, 30))} is like any other`, async () => {
    const place = newFolder({ [`s/${name}/file`]: 'source', [`t/${name}/hidden`]: '', 'u/upper/': '' });
    const [source, target] = [join(place, 's', name), join(place, 't', name)];
    const [upper, work] = [join(place, 'u', name), join(place, 'u', `${name.slice(1)}w`)];
    mkdirSync(upper, { recursive: true });
    mkdirSync(work, { recursive: true });
    for (const host of [{}, { mountCalls: 'classic' }, { openat2: false }] as const) {
      const shows = async (made: Sandbox, expected: string) => {
        const whole = made.stdio(['ignore', 'pipe', 'pipe']);
        const command = { file: 'sh', args: ['-c', 'cd "$1" && ls -A && cat file', 'sh', target] };
        const { stdout, stderr } = await runPlan(compile(whole.spec, command, { ...thisHost(), ...host }), whole.spec);
        assert.is(stdout, expected, stderr);
      };
      await shows(box.bind(source, target), 'file\nsource');
      await shows(box.tmpfs(target).file(`${target}/file`, 'given'), 'file\ngiven');
      if (noOverlay === undefined) await shows(box.overlay(target, { lowers: [source] }), 'file\nsource');
      await shows(box.overlay(target, { lowers: [source, target], upper, work }), 'file\nhidden\nsource');
      await shows(
        box.mask(target).tmpfs(target).dir(`${target}/${name}`).file(`${target}/file`, 'x'),
        `${[name, 'file'].sort(byBytes).join('\n')}\nx`.replace(name, shownByLs(name)),
      );
    }
  });
}
// As ls(1) prints into a pipe, in the order of the C locale or another one: only the set counts.
const shownByLs = (name: string) => name;
const byBytes = (a: string, b: string) => (a < b ? -1 : 1);

// What may not be seen.

const closed = isRoot ? undefined : newFolder({ 'closed/inside/file': 'secret', 'target/': '' });
const asRoot = isRoot ? 'root sees everything' : undefined;
if (closed !== undefined) {
  chmodSync(join(closed, 'closed'), 0);
  refuses(
    'a source that cannot be reached',
    { says: ['.roBind(', join(closed, 'closed/inside'), 'permission denied'] },
    () => box.roBind(join(closed, 'closed/inside'), join(closed, 'target')),
  );
  refuses(
    'a source that cannot be reached, if it is there',
    { says: ['.tryRoBind(', join(closed, 'closed/inside'), 'permission denied'] },
    () => box.tryRoBind(join(closed, 'closed/inside'), join(closed, 'target')),
  );
  refuses(
    'a target that cannot be reached',
    { says: ['.tmpfs(', join(closed, 'closed/inside'), 'permission denied'] },
    () => box.tmpfs(join(closed, 'closed/inside')),
  );
  refuses(
    'a root that cannot be reached',
    { field: 'root', says: [join(closed, 'closed/inside'), 'permission denied'] },
    () => box.rootfs(join(closed, 'closed/inside')),
  );
}
skipUnless(test, asRoot ?? noNamespaces, 'a directory that may not be read can be hidden', async () => {
  const place = join(closed as string, 'closed');
  assert.is(await shell(box.tmpfs(place), `cd ${place} && ls -A`), '');
});

// What only the kernel knows.

skipUnless(test, noNamespaces, 'an upper directory where no overlay can be is refused by the kernel', async () => {
  const before = hostState();
  const options = { lowers: ['/etc'], upper: '/proc/sys/kernel', work: '/proc/sys/vm' };
  const error = await rejection(() => box.overlay(at('dir'), options).run('true'));
  assert.instance(error, StepError, `${error}`);
  assert.match((error as StepError).from, /^\.overlay\(/);
  assert.ok((error as StepError).message.includes(at('dir')));
  assertSameHost(before, 'an upper directory in proc');
});

skipUnless(test, noNamespaces, 'a source that is gone when the command starts is told of, with its entry', async () => {
  const before = hostState();
  const place = newFolder({ 'source/': '', 'target/': '' });
  const made = box.bind(join(place, 'source'), join(place, 'target')).stdio(['ignore', 'pipe', 'pipe']);
  const plan = made.plan('true');
  rmdirSync(join(place, 'source'));
  const error = await rejection(() => runPlan(plan, made.spec));
  assert.instance(error, StepError, `${error}`);
  const { code, from, message } = error as StepError;
  assert.is(code, 'ENOENT');
  assert.ok(from.startsWith(`.bind(${JSON.stringify(join(place, 'source'))}`), from);
  assert.ok(message.includes('.bind('), message);
  assertSameHost(before, 'a source that is gone');
});

// Specs as JSON.

const spec = { version: 1, unshare: ['user', 'mount', 'pid'], env: { inherit: true, set: {} } } as const;
const from = (fields: object) => () => Sandbox.from(JSON.parse(JSON.stringify({ ...spec, ...fields })));
const target = '/tmp';

const badFiles: readonly unknown[] = [
  null,
  {},
  'tmpfs',
  5,
  [null],
  ['tmpfs'],
  [[]],
  [{}],
  [{ type: 'tmpfs' }],
  [{ target }],
  [{ type: 'nope', target }],
  [{ type: 'Bind', source: '/', target }],
  [{ type: 'toString' }],
  [{ type: '__proto__' }],
  [{ type: 'constructor', target }],
  [{ type: null, target }],
  [{ type: ['tmpfs'], target }],
  [{ type: 'tmpfs', target: null }],
  [{ type: 'tmpfs', target: 5 }],
  [{ type: 'tmpfs', target, size: true }],
  [{ type: 'tmpfs', target, size: null }],
  [{ type: 'tmpfs', target, mode: '755' }],
  [{ type: 'tmpfs', target, inodes: '5' }],
  [{ type: 'tmpfs', target, readonly: true }],
  [{ type: 'tmpfs', target, readOnly: 'yes' }],
  [{ type: 'tmpfs', target, unknown: 1 }],
  [{ type: 'tmpfs', target, uid: 0 }],
  [{ type: 'bind', source: '/' }],
  [{ type: 'bind', source: '/', target: null }],
  [{ type: 'bind', target }],
  [{ type: 'bind', source: null, target }],
  [{ type: 'bind', source: ['/'], target }],
  [{ type: 'bind', source: '/', target, optional: false }],
  [{ type: 'bind', source: '/', target, topOnly: 1 }],
  [{ type: 'bind', source: '/', target, nosuid: 1 }],
  [{ type: 'bind', source: '/', target, recursive: true }],
  [{ type: 'bind', source: '/', target, selinux: 'x' }],
  [{ type: 'proc', target, hidepid: 2 }],
  [{ type: 'proc', target, hidepid: 'all' }],
  [{ type: 'proc', target, subset: 'all' }],
  [{ type: 'dev', target, mode: 5 }],
  [{ type: 'file', target }],
  [{ type: 'file', target, contents: 5 }],
  [{ type: 'file', target, contents: '', encoding: 'hex' }],
  [{ type: 'file', target, contents: [0] }],
  [{ type: 'symlink', target }],
  [{ type: 'symlink', target, to: 5 }],
  [{ type: 'remount', target }],
  [{ type: 'remount', target, attributes: null }],
  [{ type: 'remount', target, attributes: { readonly: true } }],
  [{ type: 'remount', target, attributes: {}, recursive: false }],
  [{ type: 'mask', target, optional: 'yes' }],
  [{ type: 'overlay', target, lowers: '/etc' }],
  [{ type: 'overlay', target, lowers: [5] }],
  [{ type: 'overlay', target, snapshot: false }],
  [{ type: 'overlay', target, upper: 5 }],
  [{ type: 'snapshot', target }],
  [{ type: 'propagation', target }],
  [{ type: 'propagation', target, kind: 5 }],
  [{ type: 'home', target }],
  [{ type: 'workingDirectory', readOnly: false }],
  [{ type: 'tmpfs', target }, { type: 'x' }],
];
for (const files of badFiles) {
  refuses(`a spec with files: ${JSON.stringify(files)}`, { says: ['files'] }, from({ files }));
}
const badRoots: readonly unknown[] = [
  null,
  'host',
  [],
  {},
  { type: 'nope' },
  { type: 'toString' },
  { type: 'host', source: '/' },
  { type: 'host', readOnly: 1 },
  { type: 'host', readonly: true },
  { type: 'empty', nosuid: true },
  { type: 'empty', readOnly: 'no' },
  { type: 'directory' },
  { type: 'directory', source: 5 },
  { type: 'directory', source: '/', x: 1 },
];
for (const root of badRoots) {
  refuses(`a spec with root: ${JSON.stringify(root)}`, { field: 'root', says: ['root'] }, from({ root }));
}
refuses(
  'a spec with a root that starts nowhere',
  { field: 'root', says: ['"a/b"', 'absolute'] },
  from({ root: { type: 'directory', source: 'a/b' } }),
);
refuses(
  'a spec with a source that starts nowhere',
  { says: ['"a/b"', 'absolute'] },
  from({ files: [{ type: 'bind', source: 'a/b', target }] }),
);
refuses(
  'a spec with a layer that starts nowhere',
  { says: ['"a/b"', 'absolute'], skip: noOverlay },
  from({ files: [{ type: 'overlay', target: folder, lowers: ['a/b'] }] }),
);
refuses(
  'a spec with contents that are no base64',
  { says: ['.file('] },
  from({
    files: [{ type: 'file', target: at('file'), contents: '*** not base64 ***', encoding: 'base64' }],
  }),
);
for (const propagation of ['shared', 'private', true, null]) {
  refuses(
    `a spec with propagation: ${JSON.stringify(propagation)}`,
    { field: 'propagation', says: [] },
    from({ propagation }),
  );
}
refuses(
  'a spec with a root and no mount namespace',
  { field: 'root', says: [], help: /\.unshare\('mount'\)/ },
  from({ unshare: ['user'], root: { type: 'host' } }),
);

test('what every spec of a view says comes back as it was', () => {
  const whole = isolate()
    .roBind('/etc', '/tmp/etc')
    .file('/tmp/x', Buffer.from([255]))
    .overlay('/etc')
    .propagation('slave');
  assert.equal(Sandbox.from(JSON.stringify(whole.spec)).spec, whole.spec);
});

test('nothing was done to what is there, and nothing is left', () => {
  assert.equal(stateOf(folder), stateBefore);
  for (const fd of [...pipeHeld, ...fileHeld].splice(0)) closeSync(fd);
  pipeHeld.length = 0;
  fileHeld.length = 0;
  assertSameHost(stateOfHost, 'in the end');
});

test.run();
