// The control group of a command, as a file system that the command sees.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { CommandGroup } from '../src/builder/group/command-group.js';
import { thisHost } from '../src/builder/this-host.js';
import { cgroupAccess, openCgroup } from '../src/cgroup/index.js';
import { bare, type Host, isolate, type RunResult, Sandbox, SpecError } from '../src/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { runIsolate } from './helpers/command-lines.js';
import { user } from './helpers/made-up-host.js';
import { noOwnGroups, ownGroups } from './helpers/own-groups.js';
import { runPlan } from './helpers/run-plan.js';
import { hostMounts, readMounts } from './helpers/ways.js';

const { controllers, layout } = cgroupAccess();
const noneOfV2 = layout === 'legacy' ? 'there is no cgroup v2' : undefined;
const refusedHere = either(userNamespacesRefused(), freshProcRefused(), noOwnGroups, noneOfV2);
const ofV1 = controllers.memory.usable && controllers.memory.version === 2 ? undefined : 'the limits are of cgroup v1';

const at = '/sys/fs/cgroup';
const limited = isolate().limits({ memory: '64M', pids: 16 });
const withGroup = limited.cgroupfs();

test.after.each(() => {
  assert.equal(ownGroups(), [], 'a group is left');
});

/** What a script printed, and its errors. */
function said({ exit, stdout, stderr }: RunResult): string {
  assert.is(exit.kind, 'exited', stderr);
  return `${stdout}${stderr}`.trim();
}

async function inside(sandbox: Sandbox, script: string): Promise<string> {
  return said(await sandbox.env({ LC_ALL: 'C' }).run('sh', ['-c', script]));
}

/** The same where the view is made by mount(2) alone. */
async function insideClassic(sandbox: Sandbox, script: string): Promise<string> {
  const host: Host = { ...thisHost(), mountCalls: 'classic' };
  const { spec } = sandbox.env({ LC_ALL: 'C' }).stdio(['ignore', 'pipe', 'pipe']);
  const group = new CommandGroup(await openCgroup({ limits: spec.limits ?? {} }), 'own');
  const way = group.wayInto(host.cloneIntoCgroup);
  const plan = compile(spec, { file: 'sh', args: ['-c', script] }, host, { group: way });
  try {
    return said(await group.whileOpen(way, (values) => runPlan(plan, spec, values)));
  } finally {
    await group.end();
  }
}

for (const [name, run] of [
  ['with all that this host has', inside],
  ['with mount(2)', insideClassic],
] as const) {
  skipUnless(
    test,
    refusedHere,
    `the group of the command is all that is seen, and cannot be written (${name})`,
    async () => {
      const before = hostMounts();
      const mount = readMounts(await run(withGroup, 'cat /proc/self/mountinfo')).findLast(({ path }) => path === at);
      assert.is(mount?.type, 'cgroup2');
      for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) assert.ok(mount?.options.includes(option), option);

      const seen = await run(withGroup, `grep ^0:: /proc/self/cgroup; cd ${at}; ls -d */ ..; cat cgroup.procs`);
      assert.match(seen, /^0::\/\n\.\.\n1\n2\n/);
      assert.match(seen, /\*\/.*No such file/, 'a group below');

      const changes = [
        'echo 1 > cgroup.max.depth',
        'echo $$ > cgroup.procs',
        'mkdir below',
        `umount ${at}`,
        `mount -o remount,bind,rw ${at}`,
      ];
      const refused = await run(
        withGroup,
        `cd ${at}; ${changes.map((change) => `( ${change} ) && echo did`).join('; ')}`,
      );
      assert.not.match(refused, /^did/m);
      assert.is(refused.match(/Read-only file system/g)?.length, 3, refused);
      assert.equal(hostMounts(), before);
    },
  );

  skipUnless(test, either(refusedHere, ofV1), `its limits and what it uses can be read (${name})`, async () => {
    const script = `cd ${at}; cat memory.max pids.max pids.current; test $(cat memory.current) -gt 0 && echo some`;
    // The init, the shell, and cat.
    assert.is(await run(withGroup, script), `${64 * 2 ** 20}\n16\n3\nsome`);
  });
}

skipUnless(test, refusedHere, 'in a root of its own, elsewhere, and without a user namespace', async () => {
  const empty = isolate().limits({ pids: 16 }).emptyRoot().roBind('/usr').tryRoBind('/lib').tryRoBind('/lib64');
  const bin = '/usr/bin/cat';
  const { stdout } = await empty.cgroupfs('/groups/own').run(bin, ['/groups/own/cgroup.procs']);
  assert.is(stdout, '1\n2\n');
  if (process.geteuid?.() !== 0) return;
  const ofHost = bare().unshare('mount', 'cgroup').cgroup({}).cgroupfs();
  assert.match(await inside(ofHost, `echo $$; cat ${at}/cgroup.procs; mkdir ${at}/x`), /^(\d+)\n\1\n\d+\n.*Read-only/);
});

skipUnless(test, refusedHere, 'a box shows its group to all of its commands', async () => {
  const box = await withGroup.open();
  try {
    const other = await box.spawn('sleep', ['1000']);
    const read = await box.run('sh', ['-c', `grep ^0:: /proc/self/cgroup; cat ${at}/cgroup.procs`]);
    const [own, ...pids] = said(read).split('\n');
    assert.is(own, '0::/');
    // Its init, the other one, the shell and cat.
    assert.ok(pids.includes('1') && pids.length >= 4, String(pids));
    other.kill('SIGKILL');
    await other.exited;
  } finally {
    await box.close();
  }
});

skipUnless(test, refusedHere, 'a group that is joined is shown with those below it', async () => {
  const group = await openCgroup({});
  try {
    const joined = Sandbox.from(JSON.stringify(isolate().cgroup(group).cgroupfs().spec));
    assert.match(await inside(joined, `cat ${at}/cgroup.procs`), /^1\n2\n\d+$/);
  } finally {
    await group.remove();
  }
});

const writable = isolate().limits({ memory: '64M' }).cgroupfs().remount(at, { readOnly: false });

skipUnless(test, refusedHere, 'groups that are made in it where it may be written are gone with it', async () => {
  const script = `cd ${at} && mkdir -p a/b && sleep 1000 > /dev/null 2>&1 & echo $! > ${at}/a/b/cgroup.procs && ls -d ${at}/a/b`;
  assert.is(await inside(writable.limits({ pids: 16 }), `mkdir -p ${at}/a/b; ${script}`), `${at}/a/b`);
});

skipUnless(test, refusedHere, 'a command that keeps CAP_SYS_ADMIN can make it writable', async () => {
  const script = `mount -o remount,bind,rw ${at} && mkdir ${at}/below && echo made`;
  assert.is(await inside(withGroup.mapRoot().capabilities(['SYS_ADMIN']), script), 'made');
});

test('what cannot be shown is refused, with the way out', () => {
  const inV1 = [{ version: 1, controllers: ['memory'], directory: '/sys/fs/cgroup/memory/isolate-1' }] as const;
  const none = { plan: () => ({ parts: [], enable: [], values: [], refusals: [refusal] }), find: () => undefined };
  const refusal = { field: 'cgroup', problem: 'no control groups are mounted' };
  const view = bare().unshare('user', 'mount', 'cgroup');
  const cases: [sandbox: Sandbox, host: Partial<Host>, says: RegExp, help: RegExp][] = [
    [view.share('cgroup').cgroup({}).cgroupfs('/mnt'), {}, /groups of the caller/, /\.unshare\('cgroup'\)/],
    [view.share('mount').cgroup({}).cgroupfs('/mnt'), {}, /mount namespace/, /\.unshare\('mount'\)/],
    [view.cgroupfs('/mnt'), {}, /no control group of its own/, /\.limits\(.*\.cgroup\(\{\}\)/],
    [view.cgroup({ parts: inV1 }).cgroupfs('/mnt'), {}, /\.cgroupfs\("\/mnt"\).*version 1 alone/, /version 2/],
    [
      view.limits({ memory: '2G' }, { fallback: 'rlimit' }).cgroupfs('/mnt'),
      { cgroups: none },
      /no control groups are mounted/,
      /fallback/,
    ],
  ];
  for (const [sandbox, host, says, help] of cases) {
    try {
      compile(sandbox.spec, { file: 'true', args: [] }, { ...user, ...host });
      assert.unreachable(String(says));
    } catch (error) {
      assert.instance(error, SpecError, String(error));
      assert.match((error as Error).message, says, (error as Error).message);
      assert.match((error as SpecError).help ?? '', help);
    }
  }
});

skipUnless(test, refusedHere, 'isolate run --cgroupfs', () => {
  const options = ['--pids', '16', '--cgroupfs', at, '--cgroupfs', '/tmp/again'];
  const { status, stdout, stderr } = runIsolate(['run', ...options, '--', 'cat', '/tmp/again/cgroup.procs']);
  assert.is(status, 0, stderr);
  assert.is(stdout, '1\n2\n');
  assert.is(runIsolate(['run', '--cgroupfs', at, '--', 'true']).status, 125);
});

test.run();
