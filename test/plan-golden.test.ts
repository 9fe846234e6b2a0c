// What is compiled from a spec, for a made-up host: needs no privileges and touches nothing. UPDATE_GOLDEN=1 writes the
// golden files again.
import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileBox, compileInBox } from '../src/builder/compile/box.js';
import { compile } from '../src/builder/compile/compile.js';
import { explain } from '../src/builder/explain.js';
import type { Plan } from '../src/builder/plan.js';
import type { Host } from '../src/builder/spec/host.js';
import { bare, isolate, type Sandbox } from '../src/index.js';
import { namespaceKinds } from '../src/ns/index.js';
import { matchesJson, matchesText } from './helpers/golden.js';
import { classic, managedCgroups, root, user } from './helpers/made-up-host.js';

const refusesGroups = () => ({
  parts: [],
  enable: [],
  values: [],
  refusals: [{ field: 'memory', problem: 'no control groups are mounted' }],
});
const inBothVersions = [
  { version: 1, controllers: ['cpu', 'cpuacct'], directory: '/sys/fs/cgroup/cpu,cpuacct/user/jobs' },
  { version: 1, controllers: ['pids'], directory: '/sys/fs/cgroup/pids/user/jobs' },
  { version: 2, controllers: [], directory: '/sys/fs/cgroup/unified/user/jobs' },
] as const;
const before63 = { timeEntersAtExec: false } as const;

const seven = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
const clocks = { monotonic: 3600, boottime: -0.5 };

const withFiles = bare().unshare('user', 'mount', 'pid').proc(false);
const files: Record<string, Sandbox> = {
  bind: withFiles.bind('/data', '/mnt'),
  'bind-file': withFiles.bind('/data/file', '/etc/hosts'),
  'bind-top-only': withFiles.bind('/data', '/mnt', { topOnly: true, nosuid: false, noexec: true, noatime: true }),
  'bind-descriptor': withFiles.bind(9, '/mnt'),
  'ro-bind': withFiles.roBind('/data', '/mnt'),
  'ro-bind-missing-target': withFiles.hostRoot().roBind('/data', '/new/place'),
  'ro-bind-missing-target-deep': withFiles.hostRoot().roBind('/data/file', '/usr/bin/new'),
  'try-bind-missing': withFiles.tryBind('/nothing', '/mnt').tryRoBind('/data', '/mnt'),
  'dev-bind': withFiles.devBind('/dev/null', '/data/file'),
  tmpfs: withFiles.tmpfs('/tmp', { size: '64M', mode: 0o1777, inodes: 1000, noexec: true }),
  'tmpfs-read-only': withFiles.tmpfs('/tmp', { readOnly: true }).dir('/tmp/dir'),
  proc: withFiles.proc('/proc', { subset: 'pid', hidepid: 'invisible' }),
  dev: withFiles.unshare('ipc').dev(),
  sysfs: withFiles.unshare('net').sysfs(),
  mqueue: withFiles.unshare('ipc').mqueue('/mnt'),
  cgroupfs: withFiles.unshare('cgroup').cgroup({}).cgroupfs('/mnt'),
  dir: withFiles.emptyRoot().dir('/a/b', { mode: 0o700 }),
  file: withFiles
    .emptyRoot({ readOnly: false })
    .file('/a/text', 'contents\n', { mode: 0o600 })
    .file('/bytes', Buffer.from([0, 255])),
  'file-on-file': withFiles.file('/etc/hosts', '127.0.0.1 box\n'),
  symlink: withFiles.emptyRoot().symlink('usr/bin', '/bin').roBind('/usr').roBind('/data', '/bin/data'),
  remount: withFiles
    .bind('/data', '/mnt')
    .remount('/mnt', { readOnly: true, noexec: true })
    .remount('/mnt', { noexec: false }),
  mask: withFiles.mask('/etc/passwd').mask('/data').mask('/nothing', { optional: true }),
  readonly: withFiles.readonly('/data').readonly('/etc/passwd').readonly('/nothing', { optional: true }),
  'readonly-all': withFiles.emptyRoot().tmpfs('/tmp').readonly('/'),
  overlay: withFiles.overlay('/etc', { size: '10M' }),
  'overlay-layers': withFiles.overlay('/mnt', { lowers: ['/etc', '/usr'], upper: '/upper', work: '/work' }),
  snapshot: withFiles.snapshot('/etc', { size: '1G' }).snapshot('/usr'),
  'root-empty': withFiles
    .emptyRoot()
    .proc('/proc')
    .roBind('/usr')
    .symlink('usr/bin', '/bin')
    .dev()
    .tmpfs('/tmp')
    .cwd('/tmp'),
  'root-directory': withFiles.rootfs('/rootfs').tmpfs('/etc').bind('/data', '/usr'),
  'root-directory-missing-target': withFiles.rootfs('/rootfs').tmpfs('/tmp'),
  'root-host': withFiles.hostRoot({ noexec: true }).bind('/data'),
  propagation: withFiles.propagation('slave').tmpfs('/mnt').propagation('shared', '/mnt', { recursive: true }),
  home: withFiles.home().workingDirectory(),
  resolver: withFiles.tmpfs('/run').resolver(),
  'kernel-guards': bare().unshare('user', 'mount', 'pid').kernelGuards().proc('/mnt'),
};
/** What needs the newer calls. */
const onlyNew = ['ro-bind-missing-target-deep', 'symlink'];

const plans: Record<string, [sandbox: Sandbox, host: Host]> = {
  ...Object.fromEntries(
    Object.entries(files).map(([name, sandbox]) => [`files-${name}`, [sandbox, user] as [Sandbox, Host]]),
  ),
  ...Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => !onlyNew.includes(name))
      .map(([name, sandbox]) => [`classic-${name}`, [sandbox, { ...user, ...classic }] as [Sandbox, Host]]),
  ),
  'files-bind-idmapped': [withFiles.roBind('/data', '/mnt', { idmap: { users: ['0:1000:1'] } }), root],
  'safe-default-classic': [isolate(), { ...user, ...classic }],
  'files-without-openat2': [files['root-empty'] as Sandbox, { ...user, openat2: false }],
  'files-of-another-user': [bare().unshare('mount').hostRoot().tmpfs('/tmp').home().uid(33).gid(34), root],
  bare: [bare(), user],
  ...Object.fromEntries(
    namespaceKinds.map((kind) => [`unshare-${kind}`, [bare().unshare('user', kind), user] as [Sandbox, Host]]),
  ),
  'safe-default': [isolate(), user],
  'map-root': [
    bare()
      .unshare(...seven)
      .mapRoot()
      .hostname('box'),
    user,
  ],
  'proc-elsewhere': [bare().unshare('user', 'mount', 'pid').proc('/mnt'), user],
  'proc-nowhere': [bare().unshare('user', 'mount', 'pid').proc(false), user],
  'network-and-names': [bare().unshare('net', 'uts').loopback().hostname('box').domainname('example.org'), root],
  'map-range-of-others': [bare().unshare('user', 'mount').mapUsers('0:100000:65536').mapGroups('0:100000:65536'), root],
  'map-ranges': [
    bare().unshare('user').mapUsers('0:0:1', '1000:100000:1000').mapGroups('0:0:2000').uid(1005).gid(100).groups(5, 6),
    root,
  ],
  'clock-at-exec': [bare().unshare('user', 'pid', 'mount').clock(clocks), user],
  'clock-by-clone': [bare().unshare('user', 'pid', 'mount').clock(clocks), { ...user, ...before63 }],
  'ids-of-host': [bare().uid(33).gid(34).groups(35, 36), root],
  'join-process': [bare().join(77).capabilities([]).noNewPrivs().dieWithParent().stdio('pipe'), user],
  'join-descriptor': [bare().join({ pidfd: 9, kinds: ['net'] }), user],
  'join-path-beside-new': [bare().unshare('user', 'pid', 'mount').mapRoot().join({ net: '/run/netns/blue' }), root],
  listen: [bare().listen({ fd: 9 }, { fd: 10, name: 'http' }), user],
  'as-pid-1': [bare().unshare('user', 'pid').asPid1(), user],
  'capabilities-kept': [bare().uid(33).capabilities(['NET_BIND_SERVICE', 'CAP_CHOWN']), root],
  'capabilities-none-without-privilege': [bare().capabilities([]).noNewPrivs(), user],
  'all-of-life': [bare().umask(0o027).cwd('/srv').argv0('name').newSession().noNewPrivs().dieWithParent(), user],
  'tty-of-host': [bare().tty(), user],
  'tty-of-dev': [withFiles.dev().newSession().tty({ columns: 100, rows: 30 }), user],
  'tty-of-dev-classic': [withFiles.dev().tty(), { ...user, ...classic }],
  'tty-of-another-user': [bare().uid(33).gid(34).tty().stdio(['inherit', 'inherit', 'inherit', 'pipe']), root],
  limits: [isolate().limits({ memory: '256M', pids: 64, cpus: 0.5 }), user],
  'limits-by-writing': [bare().unshare('user', 'cgroup').limits({ pids: 64 }), { ...user, cloneIntoCgroup: false }],
  'limits-by-rlimits': [
    isolate().limits({ memory: '256M', pids: 64 }, { fallback: 'rlimit' }),
    { ...user, cgroups: { plan: refusesGroups, find: () => undefined } },
  ],
  'limits-in-scope': [bare().limits({ pids: 64 }), { ...user, cgroups: managedCgroups }],
  'limits-in-slice': [
    bare().limits({ pids: 64 }).cgroup({ slice: 'jobs.slice' }),
    { ...user, cgroups: managedCgroups },
  ],
  'cgroup-joined': [bare().cgroup({ path: '/user/jobs' }), user],
  'cgroup-joined-hybrid': [
    bare().cgroup({ path: '/user/jobs' }),
    { ...user, cgroups: { ...user.cgroups, find: () => inBothVersions } },
  ],
  'stdio-pipes': [bare().stdio('pipe'), user],
  'stdio-swapped': [bare().stdio([1, 0, 2]), user],
  'stdio-extra': [bare().stdio(['ignore', 'inherit', 'ignore', 'pipe', 'inherit', 9]), user],
  'stdio-dense': [bare().stdio([3, 4, 5, 0, 1, 'pipe']), user],
};

/** Boxes, and commands in them. */
const inBox = isolate().hostname('box').stdio(['ignore', 'pipe', 'inherit', 'pipe']);
const ofRanges = bare().unshare('user', 'mount', 'pid').mapUsers('0:100000:65536').mapGroups('0:100000:65536').uid(5);
const boxes: Record<string, () => Plan> = {
  'box-open': () => compileBox(inBox.spec, user),
  'box-open-named': () => compileBox(bare().unshare('user').dieWithParent().spec, user, { isNamed: true }),
  'box-open-ranges': () => compileBox(ofRanges.dieWithParent().spec, root),
  'box-open-clock-by-clone': () => compileBox(bare().unshare('user').clock(clocks).spec, { ...user, ...before63 }),
  'box-open-limits': () => compileBox(inBox.limits({ pids: 64 }).spec, user),
  'box-command-limits': () => compileInBox(inBox.limits({ pids: 64 }).spec, command, user, { group: ['clone'] }),
  'box-command': () => compileInBox(inBox.spec, command, user),
  'box-command-ranges': () => compileInBox(ofRanges.capabilities(['KILL']).spec, command, root),
  'box-command-without-view': () =>
    compileInBox(bare().unshare('user', 'net').mapRoot().cwd('/srv').spec, command, user),
};

const command = { file: 'sh', args: ['-c', 'exit 3'] };

const compiled = ([sandbox, host]: [Sandbox, Host]) => compile(sandbox.spec, command, host);

for (const [name, given] of Object.entries(plans)) {
  test(`the plan "${name}" is what it was`, () => matchesText(`plan-${name}.txt`, listed(compiled(given))));
}

for (const [name, make] of Object.entries(boxes)) {
  test(`the plan "${name}" is what it was`, () => matchesText(`plan-${name}.txt`, listed(make())));
}

/** A line for each step, and one for each part of the spec. */
function listed(plan: Plan): string {
  let heading = '';
  return plan.steps
    .map((step) => {
      const title = `${step.where}, ${step.from}\n`;
      const line = `${String(step.index).padStart(4)}  ${plan.render(step.step)}\n`;
      const text = title === heading ? line : title + line;
      heading = title;
      return text;
    })
    .join('');
}

test('a plan as JSON is what it was', () => {
  matchesJson('plan.json', compiled(plans['stdio-pipes'] as [Sandbox, Host]));
});

for (const name of [
  'safe-default',
  'files-root-empty',
  'files-snapshot',
  'map-range-of-others',
  'clock-by-clone',
  'stdio-dense',
  'tty-of-host',
  'limits-in-scope',
]) {
  test(`the plan "${name}" is explained as it was`, () => {
    matchesText(`explain-${name}.txt`, explain(compiled(plans[name] as [Sandbox, Host])));
  });
}

test('every golden plan is of a test', () => {
  const files = readdirSync(new URL('golden/', import.meta.url)).filter((file) => file.startsWith('plan-'));
  assert.equal(files.sort(), [...Object.keys(plans), ...Object.keys(boxes)].map((name) => `plan-${name}.txt`).sort());
});

test('a plan is a function of its spec, command and host alone', () => {
  for (const given of Object.values(plans)) {
    assert.equal(JSON.stringify(compiled(given)), JSON.stringify(compiled(given)));
  }
});

test('what a step refers to comes before it', () => {
  for (const [name, given] of Object.entries(plans)) {
    for (const { index, args } of compiled(given).toJSON().steps) {
      for (const [, place] of args.join(' ').matchAll(/#(\w+)/g)) {
        assert.ok(Number(place) < index, `${name}: step ${index} refers to #${place}`);
      }
    }
  }
});

test.run();
