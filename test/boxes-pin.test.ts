// Namespaces with a path: other tools use ours, and all of it can be taken away again.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, SpecError } from '../src/index.js';
import { namespacesOf, pin, unpin } from '../src/ns/index.js';
import { commandMissing, either, rootOnly, skipUnless } from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { isGone, printedIn, rejection, until } from './helpers/places.js';

const folder = foldersFor(test);
const noRoot = rootOnly();
const sandbox = bare().unshare('user', 'net', 'uts', 'ipc').mapRoot().loopback().hostname('box');

const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
const netOf = (output: string) => /net:\[(\d+)\]/.exec(output)?.[1];

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}

skipUnless(
  test,
  either(noRoot, commandMissing('nsenter')),
  'nsenter joins what is pinned, also after the box',
  async () => {
    const before = mounts();
    const path = join(folder(), 'net');
    const box = await sandbox.open();
    const { net } = namespacesOf(box.pid);
    box.pin('net', path);
    assert.is(statSync(path).ino, net);
    assert.is(Number(netOf(output('nsenter', `--net=${path}`, 'readlink', '/proc/self/ns/net'))), net);
    await box.close();
    assert.is(Number(netOf(output('nsenter', `--net=${path}`, 'readlink', '/proc/self/ns/net'))), net);
    unpin(path);
    assert.ok(!existsSync(path));
    assert.is(mounts(), before);
  },
);

skipUnless(
  test,
  either(noRoot, commandMissing('ip')),
  'ip netns uses what is pinned below /run/netns, and deletes it',
  async () => {
    const before = mounts();
    const isMade = !existsSync('/run/netns');
    if (isMade) mkdirSync('/run/netns');
    const [first, second] = [1, 2].map((n) => `isolate-test-${process.pid}-${n}`) as [string, string];
    try {
      await using box = await sandbox.open();
      for (const name of [first, second]) box.pin('net', `/run/netns/${name}`);
      const { net } = namespacesOf(box.pid);
      assert.is(Number(netOf(output('ip', 'netns', 'exec', first, 'readlink', '/proc/self/ns/net'))), net);
      assert.match(output('ip', '-n', first, 'link', 'show', 'lo'), 'LOOPBACK,UP');
      assert.match(output('ip', 'netns', 'list'), second);
      output('ip', 'netns', 'delete', first);
      unpin(`/run/netns/${second}`);
      assert.ok(!existsSync(`/run/netns/${first}`) && !existsSync(`/run/netns/${second}`));
    } finally {
      for (const name of [first, second]) spawnSync('ip', ['netns', 'delete', name]);
      if (isMade) rmSync('/run/netns', { recursive: true });
    }
    assert.is(mounts(), before);
  },
);

skipUnless(test, either(noRoot, commandMissing('ip')), 'what ip netns has made is joined, and unpinned', async () => {
  const before = mounts();
  const name = `isolate-test-${process.pid}`;
  const hadFolder = existsSync('/run/netns');
  output('ip', 'netns', 'add', name);
  try {
    const path = `/run/netns/${name}`;
    const inside = await printedIn(bare().join({ net: path }), 'readlink /proc/self/ns/net');
    assert.is(Number(netOf(inside)), statSync(path).ino);
    unpin(path);
    assert.ok(!existsSync(path));
  } finally {
    spawnSync('ip', ['netns', 'delete', name]);
    if (!hadFolder) spawnSync('sh', ['-c', 'umount /run/netns; rmdir /run/netns']);
  }
  assert.is(mounts(), before);
});

skipUnless(test, noRoot, 'each kind that can be pinned, and a file that is there', async () => {
  const before = mounts();
  const directory = folder({ there: '' });
  await using box = await sandbox.unshare('pid', 'cgroup').open();
  const ids = namespacesOf(box.pid);
  for (const kind of ['user', 'net', 'uts', 'ipc', 'pid', 'cgroup'] as const) {
    const path = join(directory, kind);
    box.pin(kind, path);
    assert.is(statSync(path).ino, ids[kind], kind);
    unpin(path);
  }
  box.pin('uts', join(directory, 'there'));
  assert.is(statSync(join(directory, 'there')).ino, ids.uts);
  unpin(join(directory, 'there'));
  assert.is(mounts(), before);
});

skipUnless(test, noRoot, 'nothing else is covered, or taken away', async () => {
  const before = mounts();
  const directory = folder({ full: 'text' });
  const at = (name: string) => join(directory, name);
  symlinkSync('full', at('link'));
  await using box = await sandbox.open();
  const thrown = (run: () => void): string => {
    try {
      run();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'nothing';
  };
  box.pin('net', at('pinned'));
  assert.is(
    thrown(() => box.pin('uts', at('pinned'))),
    'ERR_ISOLATE_PIN',
  );
  unpin(at('pinned'));
  assert.is(
    thrown(() => box.pin('net', at('full'))),
    'ERR_ISOLATE_PIN',
  );
  assert.is(
    thrown(() => box.pin('net', directory)),
    'ERR_ISOLATE_PIN',
  );
  assert.is(
    thrown(() => box.pin('net', at('link'))),
    'ELOOP',
  );
  assert.is(
    thrown(() => box.pin('net', at('no/directory'))),
    'ENOENT',
  );
  assert.is(
    thrown(() => pin('net', at('new'), 2 ** 22 - 1)),
    'ENOENT',
  );
  assert.ok(!existsSync(at('new')), 'the file that was made is removed');
  assert.is(
    thrown(() => unpin(at('full'))),
    'ERR_ISOLATE_PIN',
  );
  assert.is(
    thrown(() => unpin('/proc')),
    'ERR_ISOLATE_PIN',
  );
  assert.is(
    thrown(() => unpin(at('missing'))),
    'ENOENT',
  );
  assert.is(readFileSync(at('full'), 'utf8'), 'text');
  assert.is(mounts(), before);
});

test('what the box shares with its caller is not pinned, nor anything of a box that is closed', async () => {
  const path = join(folder(), 'pin');
  const box = await bare().unshare('user', 'uts').mapRoot().open();
  assert.throws(
    () => box.pin('net', path),
    (error: unknown) => error instanceof SpecError && error.field === 'pin',
  );
  process.kill(box.pid, 'SIGKILL');
  await until(() => isGone(box.pid), 'the box');
  const error = await rejection((async () => box.pin('uts', path))());
  assert.is(error.code, 'ERR_ISOLATE_BOX_CLOSED');
  assert.ok(!existsSync(path));
  await box.close();
  assert.is((await rejection((async () => box.pin('uts', path))())).code, 'ERR_ISOLATE_BOX_CLOSED');
});

skipUnless(test, noRoot ? undefined : 'root may', 'who may mount nothing is refused, and no file is left', async () => {
  const path = join(folder(), 'pin');
  await using box = await isolate().open();
  const error = await rejection((async () => box.pin('net', path))());
  assert.is(error.code, 'EPERM');
  assert.ok(!existsSync(path));
});

test.run();
