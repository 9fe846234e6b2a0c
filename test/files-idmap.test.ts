// Binds whose files have other owners inside than on the disk.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, SpecError } from '../src/index.js';
import { either, isRoot, rootOnly, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { shell } from './helpers/inside.js';

const makeFolder = foldersFor(test);
const refused = either(rootOnly(), userNamespacesRefused());

skipUnless(test, refused, 'the owner that is named is another one, and the group stays', async () => {
  const folder = makeFolder({ file: 'text' });
  const seen = (idmap: object) =>
    shell(bare().unshare('mount').bind(folder, '/mnt', { idmap }), 'stat -c "%u %g" /mnt/file');
  assert.is(await seen({ users: ['0:1000:1'] }), '1000 0');
  assert.is(await seen({ groups: [{ inside: 0, outside: 5, count: 1 }] }), '0 5');
  assert.is(await seen({ users: ['0:1000:1'], groups: ['0:1001:1'] }), '1000 1001');
  assert.is(await seen({ users: ['1:1:1'] }), '65534 0', 'who is not named is nobody');
});

skipUnless(
  test,
  refused,
  'a user namespace maps what the bind says: its root owns what 1000 has on the disk',
  async () => {
    const folder = makeFolder({ file: 'text' });
    const sandbox = bare()
      .unshare('user', 'mount')
      .mapUsers('0:100000:65536')
      .mapGroups('0:100000:65536')
      .bind(folder, '/mnt', { idmap: { users: ['0:100000:65536'], groups: ['0:100000:65536'] } });
    assert.is(await shell(sandbox, 'stat -c "%u %g" /mnt/file; touch /mnt/made'), '0 0');
    assert.equal(readdirSync(folder).sort(), ['file', 'made']);
    const owner = await shell(bare(), 'stat -c "%u" "$1"', join(folder, 'made'));
    assert.is(owner, '0', 'on the disk it is of who has those ids there');
  },
);

skipUnless(test, refused, 'it can be read-only, in the safe default too, and nothing is left of it', async () => {
  const folder = makeFolder({ file: 'text' });
  const sandbox = isolate().roBind(folder, '/mnt', { idmap: { users: ['0:0:1'] } });
  await sandbox.run('true');
  const before = hostState();
  const script =
    'cat /mnt/file; touch /mnt/x 2>/dev/null || echo refused; grep -c " /mnt ro,.*idmapped" /proc/self/mountinfo';
  assert.is(await shell(sandbox, script), 'textrefused\n1');
  assertSameHost(before, 'an idmapped bind');
});

skipUnless(test, refused, 'many at once do not wait for one another', async () => {
  const folder = makeFolder({ file: 'text' });
  const sandbox = bare()
    .unshare('mount')
    .bind(folder, '/mnt', { idmap: { users: ['0:1000:1'] } });
  const seen = () => shell(sandbox, 'stat -c "%u" /mnt/file');
  assert.equal(await inTime(Promise.all(Array.from({ length: 16 }, seen)), 'sixteen'), new Array(16).fill('1000'));
});

skipUnless(
  test,
  isRoot ? 'root may' : undefined,
  'without the right to do so it is refused, with the way out',
  async () => {
    const error = await bare()
      .unshare('user', 'mount')
      .bind('/etc', '/mnt', { idmap: { users: ['0:1000:1'] } })
      .run('true')
      .catch((reason: unknown) => reason);
    assert.instance(error, SpecError);
    assert.match((error as SpecError).message, /\.bind\("\/etc", "\/mnt".*CAP_SYS_ADMIN.*\n.*run as root/s);
  },
);

test('ranges that cannot be are refused', async () => {
  for (const users of [['0:1:0'], ['0:0:5', '3:9:1'], ['x']]) {
    const error = await Promise.resolve()
      .then(() => bare().unshare('user', 'mount').bind('/etc', '/mnt', { idmap: { users } }).run('true'))
      .catch((reason: unknown) => reason);
    assert.instance(error, SpecError, users.join(' '));
  }
});

test.run();
