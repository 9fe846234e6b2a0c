// What isolate gc removes and isolate top shows: groups wherever they are, of whom they may be.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { removeLeftGroups } from '../src/builder/group/live-groups.js';
import { type Cgroup, removeStaleCgroups } from '../src/cgroup/index.js';
import { ownerOf, ownName } from '../src/cgroup/name.js';
import { openNamed } from '../src/cgroup/open.js';
import { bare } from '../src/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { isolateCommand, runEach, runIsolate } from './helpers/command-lines.js';
import { layouts, noController, soon, startIn, withGroup } from './helpers/groups.js';
import { isAlive } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

const [{ options } = { options: {} }] = layouts();
const noPids = noController('pids');

/** No process has a number like that. */
const nobody = 2 ** 22 + 1;
const { namespaces = '0.0' } = ownerOf(ownName()) ?? {};
let count = 0;
const goneName = () => `isolate-${nobody}-1-${namespaces}-0.${++count}`;
const elsewhereName = () => `isolate-${nobody}-1-1.1-0.${++count}`;

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'isolate-left-'));
const isThere = ({ paths }: Cgroup) => paths.every((path) => existsSync(path));
const below = (parent: Cgroup, name?: string) => openNamed({ parent, controllers: ['pids'] }, name);

/** A group of a program that lives, in which others are made. Another `isolate gc` on this machine may come first: it is tried again then. */
async function withParent(act: (group: Cgroup) => Promise<void>, times = 5): Promise<void> {
  const name = `left-${process.pid}-${++count}`;
  try {
    await withGroup({ ...options, controllers: ['pids'], name }, act);
  } catch (error) {
    if (times === 1) throw error;
    await withParent(act, times - 1);
  }
}

skipUnless(test, noPids, 'isolate gc finds what a killed program left below a parent, and ends what is in it', () =>
  withParent(async (parent) => {
    const parts = JSON.stringify(parent.parts);
    const code = `
      const sandbox = bare().limits({ pids: 8 }).cgroup({ parent: { parts: ${parts} } });
      const running = await sandbox.spawn('sleep', ['1000'], { stdio: 'ignore' });
      console.log(running.pid);
    `;
    const [file, args] = programOf(code);
    const program = spawn(file, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = await once(program.stdout, 'data');
    const pid = Number(printed);
    const isListed = (text = '') => text.includes(`isolate-${program.pid}-`);
    const [running, notYet] = runEach([['top', '--json'], ['gc']]);
    const owners = JSON.parse(running?.stdout ?? '').groups.map(({ owner }: { owner: number }) => owner);
    assert.ok(owners.includes(program.pid), running?.stdout);
    assert.not(isListed(notYet?.stdout), 'it lives');
    assert.ok(isAlive(pid));
    program.kill('SIGKILL');
    await once(program, 'exit');
    const [gc, top] = runEach([['gc'], ['top', '--once']]);
    assert.ok(isListed(gc?.stdout), gc?.stdout);
    assert.is(gc?.status, 0, gc?.stderr);
    assert.not(isListed(top?.stdout));
    await soon(() => !isAlive(pid), 'the end of what was left');
  }),
);

skipUnless(
  test,
  noPids,
  'isolate gc leaves what is of other PID namespaces, what has a name, and what others have groups in',
  () =>
    withParent(async (parent) => {
      const [gone, elsewhere, named] = await Promise.all([
        below(parent, goneName()),
        below(parent, elsewhereName()),
        below(parent, 'isolate-by-name'),
      ]);
      const outer = await below(parent, goneName());
      const inner = await below(outer);
      const [gc, top] = runEach([['gc'], ['top', '--json']]);
      assert.ok(gc?.stdout.includes(`${gone.name}\n`), gc?.stdout);
      assert.not(isThere(gone));
      for (const group of [elsewhere, named, outer, inner]) assert.ok(isThere(group), group.name);
      assert.is(gc?.status, 0);
      assert.match(gc?.stderr ?? '', new RegExp(`^isolate: left ${elsewhere.name}: .*another PID namespace`, 'm'));
      const made = `process ${process.pid} lives, which made ${inner.name} in it`;
      assert.match(gc?.stderr ?? '', new RegExp(`^isolate: left ${outer.name}: ${made}$`, 'm'));
      assert.not.match(gc?.stderr ?? '', new RegExp(`left ${inner.name}|${named.name}`));
      const { groups } = JSON.parse(top?.stdout ?? '') as { groups: { name: string; owner: number | null }[] };
      const ownerIn = (group: Cgroup) => groups.find(({ name }) => name === group.name)?.owner;
      assert.is(ownerIn(inner), process.pid);
      assert.is(ownerIn(elsewhere), null);
      assert.is(ownerIn(named), undefined);
      await inner.remove();
      const { stdout } = runIsolate(['gc']);
      assert.ok(stdout.includes(`${outer.name}\n`), stdout);
      assert.not(isThere(outer));
    }),
);

skipUnless(
  test,
  either(noPids, rootOnly(), commandMissing('unshare')),
  'isolate gc leaves a group in which a program of another PID namespace has made one, while that lives',
  () =>
    withParent(async (parent) => {
      const outer = await below(parent, goneName());
      const code = `
        const group = await cgroup.openCgroup({ parent: { parts: ${JSON.stringify(outer.parts)} }, controllers: ['pids'] });
        console.log(group.name);
        setInterval(() => {}, 1000);
      `;
      const [file, args] = programOf(code);
      const unshare = ['--pid', '--fork', '--kill-child', '--mount-proc', file, ...args];
      const program = spawn('unshare', unshare, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
      const name = String((await once(program.stdout, 'data'))[0]).trim();
      assert.is(ownerOf(name)?.pid, 1);
      const [gc] = runEach([['gc']]);
      assert.ok(isThere(outer));
      const made = `process 1 of another PID namespace lives, which made ${name} in it`;
      assert.match(gc?.stderr ?? '', new RegExp(`^isolate: left ${outer.name}: ${made}$`, 'm'));
      assert.not((await removeStaleCgroups({ parent })).includes(outer.name));
      program.kill('SIGKILL');
      await once(program, 'exit');
      await soon(() => runIsolate(['gc']).status === 0 && !isThere(outer), 'its end');
    }),
);

skipUnless(test, noPids, 'a name that a command has made up keeps it from no end', () =>
  withParent(async (parent) => {
    const forged = elsewhereName();
    const script = `for d in $(find /sys/fs/cgroup -type d -name "isolate-$PPID-*" 2>/dev/null); do mkdir $d/${forged}; done; echo $$; exec sleep 1000`;
    const code = `
      const sandbox = bare().limits({ pids: 8 }).cgroup({ parent: { parts: ${JSON.stringify(parent.parts)} } });
      await sandbox.spawn('setsid', ['sh', '-c', ${JSON.stringify(script)}], { stdio: ['ignore', 'inherit', 'inherit'] });
      await new Promise((resolve) => setTimeout(resolve, 1e6));
    `;
    const [file, args] = programOf(code);
    const program = spawn(file, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number((await once(program.stdout, 'data'))[0]);
    program.kill('SIGKILL');
    await once(program, 'exit');
    const isBelow = (text = '') => text.includes(`isolate-${program.pid}-`);
    const gc = runIsolate(['gc']);
    assert.ok(isBelow(gc.stdout), gc.stderr);
    assert.not.match(gc.stderr, new RegExp(forged));
    await soon(() => !isAlive(pid), 'the end of what was left');
  }),
);

skipUnless(test, noPids, 'where processes are in a group of a made-up name, it is looked for its owner', () =>
  withParent(async (parent) => {
    const outer = await below(parent, goneName());
    const inner = await below(outer, elsewhereName());
    const { pid } = await startIn(inner, 'exec sleep 1000');
    const { stdout, stderr } = runIsolate(['gc']);
    // From the initial PID namespace all processes are to be seen, so that there is none like that.
    const seesAll = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]';
    assert.is(isThere(outer), !seesAll, stderr);
    if (seesAll) assert.ok(stdout.includes(outer.name));
    else assert.match(stderr, new RegExp(`left ${outer.name}: ${inner.name} in it is of process`));
    assert.is(isAlive(pid), !seesAll);
  }),
);

skipUnless(test, noPids, 'isolate gc leaves a group that it is in itself', () =>
  withParent(async (parent) => {
    const own = await below(parent, goneName());
    const [file, args] = isolateCommand('gc');
    const { stdout, exit } = await bare().cwd(repository).cgroup(own).run(file, args);
    assert.equal(exit.kind === 'exited' && exit.code, 0);
    assert.not(stdout.includes(own.name));
    assert.ok(isThere(own));
  }),
);

skipUnless(test, either(rootOnly(), noPids), 'another user finds and removes its own, and root all', () =>
  withParent(async (parent) => {
    const [ofRoot, ofUser] = await Promise.all([below(parent, goneName()), below(parent, goneName())]);
    const files = ['', '/cgroup.procs'].flatMap((file) =>
      [...parent.paths, ...ofUser.paths].map((path) => path + file),
    );
    for (const file of files) chownSync(file, 65534, 65534);
    const [file, args] = isolateCommand('gc');
    const asUser = await bare().uid(65534).gid(65534).cwd(repository).run(file, args);
    assert.equal(asUser.stdout, `${ofUser.name}\n`, asUser.stderr);
    assert.ok(isThere(ofRoot) && !isThere(ofUser));
    const { stdout } = runIsolate(['gc']);
    assert.ok(stdout.includes(`${ofRoot.name}\n`), stdout);
  }),
);

const noBoxes = either(noPids, userNamespacesRefused(), freshProcRefused());

skipUnless(
  test,
  noBoxes,
  'the group of a box that is being opened stays, wherever its name is written down',
  async () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    const code = `
    for (let i = 0; i < 12; i++) {
      const box = await isolate().limits({ pids: 8 }).open({ name: 'opened' + i, detached: true });
      await box.run('true');
      await box.close();
    }
  `;
    const [file, args] = programOf(code);
    const env = { ...process.env, XDG_RUNTIME_DIR: there };
    const opener = spawn(file, args, { cwd: repository, env, stdio: ['ignore', 'inherit', 'pipe'] });
    const ended = once(opener, 'exit');
    const errors = opener.stderr.setEncoding('utf8').toArray();
    const before = process.env.XDG_RUNTIME_DIR;
    process.env.XDG_RUNTIME_DIR = here;
    try {
      const removed: string[] = [];
      while (opener.exitCode === null && opener.signalCode === null) {
        removed.push(...(await removeLeftGroups()).removed.filter((name) => name.includes('-opened')));
        await setImmediate();
      }
      assert.equal(removed, []);
    } finally {
      if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
      else process.env.XDG_RUNTIME_DIR = before;
      await ended;
      for (const folder of [here, there]) rmSync(folder, { recursive: true });
    }
    assert.is(opener.exitCode, 0, (await errors).join(''));
  },
);

skipUnless(test, noPids, 'the group of a box that has ended is removed when its opener has, too', async () => {
  const ofBox = (own: string) => own.replace('isolate-', `isolate-box-left-1-${process.pid}-`);
  const names = { gone: ofBox(goneName()), living: ofBox(ownName()), elsewhere: ofBox(elsewhereName()) };
  const open = (name: string) => openNamed({ ...options, controllers: ['pids'] }, name);
  const [gone, living, elsewhere] = [await open(names.gone), await open(names.living), await open(names.elsewhere)];
  const filled = await open(ofBox(goneName()));
  const { child, ended } = await startIn(filled, 'exec sleep 1000');
  const { stdout, stderr } = runIsolate(['gc']);
  assert.equal([gone, living, filled].map(isThere), [false, true, true], stdout);
  // From the initial PID namespace it is seen that there is no such process.
  if (isThere(elsewhere))
    assert.ok(stderr.includes(`left ${names.elsewhere}: process ${nobody} may be opening`), stderr);
  else assert.ok(stdout.includes(names.elsewhere), stdout);
  child.kill('SIGKILL');
  await ended;
  for (const group of [living, elsewhere, filled]) await group.remove();
});

test.run();
