// Where groups are, as a process sees it: cgroup and mount namespaces, read-only mounts, another user.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { directoryIn } from '../src/cgroup/hierarchies.js';
import {
  type CgroupAccess,
  type CgroupPlan,
  cgroupAccess,
  cgroupHierarchies,
  checkCgroup,
  type Hierarchy,
  membershipsOf,
  openCgroup,
  planCgroup,
} from '../src/cgroup/index.js';
import { partOf } from '../src/cgroup/part.js';
import { bare, type Sandbox } from '../src/index.js';
import { either, rootOnly, skipUnless } from './helpers/can.js';
import { layouts, noController, noGroups, withGroup } from './helpers/groups.js';
import { output } from './helpers/inside.js';
import { programOf, repository } from './helpers/program.js';

const [{ options } = { options: {} }] = layouts();

/** What a program in a sandbox says. */
async function told<T>(sandbox: Sandbox, expression: string, before?: string): Promise<T> {
  const [file, args] = programOf(`console.log(JSON.stringify(await (async () => ${expression})()))`);
  const command = before === undefined ? [file, ...args] : ['sh', '-c', `${before}; exec "$@"`, 'sh', file, ...args];
  return JSON.parse(await output(sandbox.cwd(repository), command[0] as string, ...command.slice(1))) as T;
}

test('each hierarchy that is mounted shows the group of this program', () => {
  const hierarchies = cgroupHierarchies();
  assert.equal(
    hierarchies.map(({ path }) => path),
    membershipsOf().map(({ path }) => path),
  );
  for (const { directory, mountPoint, hidden } of hierarchies) {
    if (directory === undefined) assert.ok(hidden !== undefined);
    else assert.ok(existsSync(`${directory}/cgroup.procs`) && directory.startsWith(mountPoint ?? '-'));
  }
});

test('what can be used is told with its place, and what cannot with the reason', () => {
  const { layout, bases, controllers } = cgroupAccess();
  assert.ok(['unified', 'hybrid', 'legacy', 'none'].includes(layout));
  for (const [name, access] of Object.entries(controllers)) {
    if (access.usable)
      assert.ok(
        bases.some(({ directory }) => directory === access.directory),
        name,
      );
    else assert.ok(access.problem.length > 10, name);
  }
});

test('a part of a hierarchy, and one from outside of the namespace', () => {
  const at = (root: string, path: string) => directoryIn({ root, mountPoint: '/m' }, path);
  assert.is(at('/', '/'), '/m');
  assert.is(at('/', '/a/b'), '/m/a/b');
  assert.is(at('/a', '/a/b'), '/m/b');
  assert.is(at('/a/b', '/a/b'), '/m');
  assert.is(at('/a/b', '/a'), undefined);
  assert.is(at('/a', '/ab'), undefined);
  assert.is(at('/..', '/'), undefined);
  assert.is(at('/../..', '/../..'), '/m');
  assert.is(at('/..a', '/..a/b'), '/m/b');
});

skipUnless(test, rootOnly(), 'in a new cgroup namespace, what was mounted before does not show the group', async () => {
  const hierarchies = await told<Hierarchy[]>(bare().unshare('cgroup', 'mount'), 'cgroup.cgroupHierarchies()');
  for (const { path } of hierarchies) assert.is(path, '/');
  const outside = hierarchies.filter(({ root }) => root?.startsWith('/..'));
  for (const { directory, hidden } of outside) {
    assert.is(directory, undefined);
    assert.match(hidden ?? '', /outside of this cgroup namespace/);
  }
});

skipUnless(
  test,
  rootOnly() ?? noGroups,
  'where all is mounted read-only, the error says so, and the way out',
  async () => {
    const remount = `for at in $(awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts); do mount -o remount,bind,ro $at; done`;
    const sandbox = bare().unshare('mount');
    const access = await told<CgroupAccess>(sandbox, 'cgroup.cgroupAccess()', remount);
    assert.ok(access.bases.length > 0);
    for (const { refused } of access.bases) assert.match(refused?.problem ?? '', /read-only/);
    const error = await told<{ code: string; message: string }>(
      sandbox,
      'cgroup.openCgroup({ limits: { pids: { max: 5 } } }).catch(({ code, message }) => ({ code, message }))',
      remount,
    );
    assert.is(error.code, 'ERR_ISOLATE_SPEC');
    assert.match(error.message, /read-only/);
    assert.match(error.message, /help {2}/);
  },
);

skipUnless(
  test,
  noController('memory', 'pids'),
  'a plan says what would be written, and does nothing; a check does it and leaves nothing',
  async () => {
    const plan: CgroupPlan = planCgroup({
      ...options,
      name: 'planned',
      limits: { memory: { max: '64M' }, pids: { max: 3 } },
    });
    assert.equal(plan, JSON.parse(JSON.stringify(plan)));
    assert.equal(plan.refusals, []);
    // In v1 a limit on memory has a file of its own for the buffers of TCP.
    const said = plan.values.map(({ field, value }) => `${field} ${value}`);
    assert.equal([...new Set(said)], ['memory.max 67108864', 'pids.max 3']);
    for (const { directory } of plan.parts) assert.not(existsSync(directory));
    for (const { path } of plan.values) assert.match(path, /\/planned\/(memory|pids)\./);
    await checkCgroup({ ...options, limits: { pids: { max: 3 } } });
    const error = await checkCgroup({ ...options, limits: { hugetlb: { '3MB': '6M' } } }).catch((reason) => reason);
    assert.is(error.code, 'ERR_ISOLATE_SPEC', error.message);
  },
);

const bases: string[] = [];
test.after(() => {
  for (const directory of bases) rmSync(directory, { recursive: true });
});

/** Groups of v1 as a kernel without some files has them, in a folder. */
function baseWith(...files: string[]): CgroupAccess {
  const directory = mkdtempSync(join(tmpdir(), 'isolate-base-'));
  bases.push(directory);
  for (const file of ['cgroup.procs', ...files]) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), '');
  }
  const { controllers } = cgroupAccess();
  return {
    layout: 'legacy',
    bases: [{ version: 1, controllers: ['cpu', 'cpuset'], directory, refused: undefined }],
    controllers,
  };
}

test('what the kernel has no file for is told before there is a group', async () => {
  const limits = { cpu: { idle: true } };
  for (const [files, refusals] of [
    [['cpu.shares'], 1],
    [['cpu.idle'], 0],
    [['release_agent'], 0],
    [['release_agent', 'below/cgroup.procs'], 1],
    [['release_agent', 'below/cgroup.procs', 'below/cpu.idle'], 0],
  ] as const) {
    const access = baseWith(...files);
    const plan = planCgroup({ limits, access });
    assert.is(plan.refusals.length, refusals, files.join(' '));
    if (refusals === 0) continue;
    const [refusal] = plan.refusals;
    assert.equal(refusal, { field: 'cpu.idle', problem: 'this kernel has no idle groups: they came with Linux 5.15' });
    const directory = access.bases[0]?.directory ?? '';
    const before = readdirSync(directory);
    const error = await openCgroup({ limits, access }).catch((reason) => reason);
    assert.is(error.field, 'cpu.idle', error.message);
    assert.equal(readdirSync(directory), before);
  }
});

const isLegacy = (controller: 'cpuset') => {
  const access = cgroupAccess().controllers[controller];
  return access.usable && access.version === 1 ? undefined : `${controller} is not in v1`;
};

skipUnless(
  test,
  either(noController('cpuset'), isLegacy('cpuset')),
  'a plan has what a cpuset of v1 is given, too',
  () =>
    withGroup({ ...options, limits: { cpuset: { cpus: '0' } } }, async ({ parts }) => {
      const { values } = planCgroup({ ...options, limits: { cpuset: { cpus: '0' } } });
      assert.equal(values.map(({ file }) => file).sort(), ['cpuset.cpus', 'cpuset.mems']);
      const directory = partOf(parts, 'cpuset')?.directory;
      for (const { file, value } of values) assert.is(readFileSync(`${directory}/${file}`, 'utf8').trim(), value);
      const measuring = planCgroup({ ...options, controllers: ['cpuset'] });
      assert.equal(measuring.values.map(({ file }) => file).sort(), ['cpuset.cpus', 'cpuset.mems']);
    }),
);

test('a share of disks is planned for all that it is told to', () => {
  const access = baseWith();
  const [base] = access.bases;
  const bases = [{ ...base, controllers: ['blkio'] }] as unknown as CgroupAccess['bases'];
  const { values } = planCgroup({ limits: { io: { weight: 50 } }, access: { ...access, bases } });
  assert.equal(values, []);
  const files = ['blkio.weight', 'blkio.bfq.weight'];
  for (const file of files) writeFileSync(`${base?.directory}/${file}`, '');
  const both = planCgroup({ limits: { io: { weight: 50 } }, access: { ...access, bases } });
  assert.equal(both.values.map(({ path }) => basename(path)).sort(), [...files].sort());
});

test.run();
