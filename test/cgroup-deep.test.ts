// Groups that are nested deeper than any path can tell, or are many: what is in one can make them, and they go all the same.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cgroup, openCgroup, removeStaleCgroups } from '../src/cgroup/index.js';
import { ownerOf, ownName } from '../src/cgroup/name.js';
import { openNamed } from '../src/cgroup/open.js';
import { searchGroups } from '../src/cgroup/search.js';
import { bare, isolate } from '../src/index.js';
import { commandMissing, either, isRoot, rootOnly, skipUnless } from './helpers/can.js';
import { runIsolate } from './helpers/command-lines.js';
import { layouts, noController, noGroups, soon } from './helpers/groups.js';
import { groupsOf, noOwnGroups, ownGroups } from './helpers/own-groups.js';
import { allPids, fileOf } from './helpers/proc-files.js';
import { isAlive } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

/** Nests groups in the working directory: their path has 6,000 bytes. Some of them are no UTF-8. */
const nest = `for my $n (1..24) { my $d = ($n % 2 ? "a" : "\\xe9") x 250; mkdir $d or die "mkdir: $!"; chdir $d or die "chdir: $!" }`;
/** The same, and a process in the last one. */
const nestAndStay = `${nest} open(my $f, ">", "cgroup.procs") or die; syswrite($f, $$) or die; close $f; $| = 1; print "in\\n"; sleep 1000`;

const noPerl = commandMissing('perl');
const { namespaces = '0.0' } = ownerOf(ownName()) ?? {};
let count = 0;
/** No process has a number like that. */
const goneName = () => `isolate-${2 ** 22 + 1}-1-${namespaces}-${process.pid}.${++count}`;

const isGone = ({ paths }: Pick<Cgroup, 'paths'>) => !paths.some((path) => existsSync(path));

/** Starts a process in the deepest group below each directory of a group. */
async function fill({ paths }: Cgroup): Promise<number[]> {
  const pids: number[] = [];
  for (const cwd of paths) {
    const child = spawn('perl', ['-e', nestAndStay], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    pids.push(child.pid as number);
  }
  return pids;
}

for (const { name, options } of layouts()) {
  const few = { ...options, controllers: ['pids'] as const };

  skipUnless(
    test,
    either(noGroups, noPerl),
    `what is in deep groups is found, killed and removed: ${name}`,
    async () => {
      const group = await openCgroup(few);
      const pids = await fill(group);
      assert.equal(new Set(group.processes()), new Set(pids));
      assert.ok(group.isPopulated());
      await group.kill();
      assert.not(group.isPopulated());
      await soon(() => !pids.some(isAlive), 'the end of them');
      await group.remove();
      assert.ok(isGone(group));
    },
  );

  skipUnless(test, either(noGroups, noPerl), `deep groups are removed with what lives in them: ${name}`, async () => {
    const group = await openCgroup(few);
    const pids = await fill(group);
    await group.remove();
    assert.ok(isGone(group));
    await soon(() => !pids.some(isAlive), 'the end of them');
  });

  skipUnless(test, either(noGroups, noPerl), `a deep group that was left keeps no other: ${name}`, async () => {
    const names = [goneName(), goneName(), goneName()];
    const groups: Cgroup[] = [];
    for (const wanted of names) groups.push(await openNamed(few, wanted));
    await fill(groups[1] as Cgroup);
    const removed = await removeStaleCgroups(options);
    assert.equal(removed.filter((one) => names.includes(one)).sort(), [...names].sort());
    assert.ok(groups.every(isGone));
  });
}

skipUnless(test, either(noGroups, noPerl, noController('pids')), 'isolate gc removes a deep group', async () => {
  const [{ options } = { options: {} }] = layouts();
  const group = await openNamed({ ...options, controllers: ['pids'] }, goneName());
  await fill(group);
  const { status, stderr } = runIsolate(['gc']);
  assert.is(status, 0, stderr);
  assert.ok(isGone(group));
});

skipUnless(test, noGroups, '3,000 groups in one', async () => {
  const [{ options } = { options: {} }] = layouts();
  const group = await openCgroup({ ...options, controllers: ['pids'] });
  const [path = ''] = group.paths;
  for (let i = 0; i < 3000; i++) mkdirSync(`${path}/${i}`);
  assert.equal(group.processes(), []);
  await group.remove();
  assert.ok(isGone(group));
});

const ends = [
  ['bare', bare().limits({ pids: 16 })],
  ['isolate', isolate().limits({ pids: 16 }).cgroupfs().remount('/sys/fs/cgroup', { readOnly: false })],
] as const;

for (const [name, sandbox] of ends) {
  skipUnless(
    test,
    either(noOwnGroups, noController('pids'), noPerl, rootOnly()),
    `the end of a command takes deep groups and what is left in them: ${name}`,
    async () => {
      const warned: Error[] = [];
      const listen = (warning: Error) => void warned.push(warning);
      process.on('warning', listen);
      const places =
        name === 'isolate'
          ? 'for d in $(find /sys/fs/cgroup -name cgroup.procs); do dirname $d; done'
          : `find /sys/fs/cgroup -name 'isolate-${process.pid}-*' -type d`;
      const script = `for d in $(${places}); do (cd $d && perl -e '${nest}') || exit 1; done; setsid sleep 1077 >/dev/null 2>&1 & true`;
      const { exit, stderr } = await sandbox.run('sh', ['-c', script]);
      assert.is(exit.kind === 'exited' && exit.code, 0, `${stderr}`);
      assert.equal(ownGroups(), []);
      process.off('warning', listen);
      assert.equal(warned, []);
    },
  );
}

skipUnless(
  test,
  either(noOwnGroups, noController('pids'), isRoot ? 'rights are nothing to root' : undefined),
  'a command that takes away the rights to its own group is ended, and so is the group',
  async () => {
    const script = `
      at=$(find /sys/fs/cgroup -name 'isolate-${process.pid}-*' -type d)
      setsid sleep 1078 >/dev/null 2>&1 &
      for d in $at; do mkdir -p $d/below/deeper; find $d -depth -exec chmod 000 {} +; done; echo $at`;
    const { exit, stdout } = await bare().limits({ pids: 16 }).run('sh', ['-c', script]);
    assert.is(exit.kind, 'exited');
    assert.match(stdout, /isolate-/);
    assert.equal(ownGroups(), []);
    assert.not(allPids().some((pid) => fileOf(pid, 'cmdline') === 'sleep\x001078\x00'));
  },
);

skipUnless(test, either(noOwnGroups, noController('pids')), 'what cannot be killed is told by a warning', async () => {
  const code = `
    const { writeFileSync } = await import('node:fs');
    const { membershipsOf, cgroupHierarchies } = cgroup;
    process.on('warning', ({ code, message }) => console.log(code, message));
    const running = await bare().limits({ pids: 8 }).spawn('sleep', ['1000'], { stdio: 'ignore' });
    const theirs = membershipsOf(running.pid).find(({ path }) => path.includes('/isolate-' + process.pid + '-'));
    const isSame = (one) => one.version === theirs.version && one.controllers.join() === theirs.controllers.join();
    const here = cgroupHierarchies().find(isSame).directory.replace('/isolate-self', '');
    writeFileSync(here + '/' + theirs.path.split('/').at(-1) + '/cgroup.procs', String(process.pid));
    running.kill('SIGKILL');
    const { kind } = await running.exited;
    setImmediate(() => console.log(kind));
  `;
  const [file, args] = programOf(code);
  const env = { ...process.env, NODE_NO_WARNINGS: '1' };
  const program = spawn(file, args, { cwd: repository, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const text = (await program.stdout.toArray()).join('');
  assert.match(
    text,
    /ISOLATE_GROUP_LEFT processes may be left in the control group .*isolate-.*this program is in it/s,
  );
  assert.match(text, /\nsignaled\n/);
  assert.is(runIsolate(['gc']).status, 0);
  assert.equal(groupsOf(program.pid as number), []);
});

skipUnless(
  test,
  either(noGroups, rootOnly()),
  'a group of the same name of another user is another group',
  async () => {
    const [{ options } = { options: {} }] = layouts();
    const name = goneName();
    const outer = await openCgroup({ ...options, controllers: ['pids'] });
    const inner = await openNamed({ parent: outer, controllers: ['pids'] }, name);
    const other = await openNamed({ ...options, controllers: ['pids'] }, name);
    try {
      for (const path of other.paths) chownSync(path, 1234, 1234);
      const found = searchGroups((one) => one === name).map(({ paths }) => [...paths].sort());
      assert.equal(found.length, 2);
      assert.ok(found.some((paths) => paths.join() === [...inner.paths].sort().join()));
      for (const path of other.paths) chownSync(path, 0, 0);
      const ours = searchGroups((one) => one === name).map(({ paths }) => [...paths].sort().join());
      assert.equal(ours.sort(), [inner, other].map(({ paths }) => [...paths].sort().join()).sort());
    } finally {
      await other.remove();
      await outer.remove();
    }
  },
);

test.run();
