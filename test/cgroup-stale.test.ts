// What programs leave behind, and many groups at once.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCgroup, openCgroup, removeStaleCgroups } from '../src/cgroup/index.js';
import { ownerOf, ownName, stateOfOwner } from '../src/cgroup/name.js';
import { skipUnless } from './helpers/can.js';
import { layouts, noGroups, soon, startIn } from './helpers/groups.js';
import { isAlive } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

const [{ options } = { options: {} }] = layouts();

skipUnless(
  test,
  noGroups,
  'what a killed program left is removed with its processes; what lives and what has a name stays',
  async () => {
    const living = await openCgroup(options);
    const named = await openCgroup({ ...options, name: `named-${process.pid}` });
    const code = `
    const { openCgroup } = cgroup;
    const { spawn } = await import('node:child_process');
    const group = await openCgroup(${JSON.stringify(options)});
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    await group.attach(child.pid);
    console.log(JSON.stringify({ paths: group.paths, pid: child.pid }));
    setInterval(() => {}, 1000);
  `;
    const [file, args] = programOf(code);
    const program = spawn(file, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await program.stdout.take(1).toArray()) as Buffer[];
    const { paths, pid } = JSON.parse(String(line)) as { paths: string[]; pid: number };
    assert.not((await removeStaleCgroups(options)).includes(nameOf(paths)), 'it lives');
    program.kill('SIGKILL');
    await new Promise((resolve) => program.once('exit', resolve));
    assert.ok(paths.every((path) => existsSync(path)) && isAlive(pid));
    assert.ok((await removeStaleCgroups(options)).includes(nameOf(paths)));
    assert.not(paths.some((path) => existsSync(path)));
    await soon(() => !isAlive(pid), 'the process that was left');
    for (const group of [living, named]) {
      assert.ok(group.paths.every((path) => existsSync(path)));
      await group.remove();
    }
  },
);

const nameOf = (paths: readonly string[]): string => (paths[0] as string).split('/').at(-1) as string;

test('a name tells its owner: this program lives, another of its number does not, and one from elsewhere is left alone', () => {
  const name = ownName();
  const owner = ownerOf(name);
  assert.is(owner?.pid, process.pid);
  assert.ok(owner && stateOfOwner(owner) === 'lives', name);
  assert.is(stateOfOwner({ ...owner, startTime: '1' }), 'gone');
  assert.is(stateOfOwner({ ...owner, pid: 2 ** 22 + 1 }), 'gone');
  assert.is(stateOfOwner({ ...owner, namespaces: '1.1' }), 'elsewhere');
  for (const other of ['isolate-self', 'isolate-1', 'isolate-1-2-3.4-5', 'job', `x${name}`, `${name}x`]) {
    assert.is(ownerOf(other), undefined, other);
  }
});

skipUnless(test, noGroups, 'a group is found by its name, and is the same', async () => {
  const name = `found-${process.pid}`;
  const group = await openCgroup({ ...options, name });
  const refused = await openCgroup({ ...options, name }).catch((error) => error);
  assert.is(refused.code, 'EEXIST');
  assert.match(refused.message, /findCgroup/);
  const found = findCgroup({ ...options, name });
  assert.equal(found?.paths, group.paths);
  const { pid } = await startIn(group, 'exec sleep 60');
  assert.equal(found?.processes(), [pid]);
  await found?.remove();
  assert.is(findCgroup({ ...options, name }), undefined);
});

skipUnless(test, noGroups, 'what kills a group does not reach the next of its name', async () => {
  const name = `again-${process.pid}`;
  for (let times = 0; times < 60; times++) {
    const processes = Array.from({ length: 5 }, () => spawn('sleep', ['1000'], { stdio: 'ignore' }));
    const [next = 0, ...others] = processes.map(({ pid }) => pid as number);
    try {
      const first = await openCgroup({ ...options, name });
      for (const pid of others) await first.attach(pid);
      const kills = [first.kill(), first.kill(), first.kill()];
      await first.remove();
      const second = await openCgroup({ ...options, name });
      await second.attach(next);
      await Promise.all(kills);
      assert.ok(isAlive(next), `the ${times + 1}th time`);
      await second.remove();
    } finally {
      for (const process of processes) process.kill('SIGKILL');
    }
  }
});

skipUnless(test, noGroups, '1,000 groups at once', async () => {
  const opened = Array.from({ length: 1000 }, () => openCgroup(options));
  const groups = await Promise.all(opened);
  assert.is(new Set(groups.map(({ name }) => name)).size, 1000);
  assert.equal(await removeStaleCgroups(options), []);
  await Promise.all(groups.map((group) => group.remove()));
  assert.not(groups.some(({ paths }) => paths.some((path) => existsSync(path))));
});

test.run();
