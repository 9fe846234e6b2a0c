// Which namespaces a command is in, and what each has for itself, as seen from inside.
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, type NamespaceKind, type Sandbox } from '../src/index.js';
import { namespaceKinds, namespaces } from '../src/ns/index.js';
import { chdir } from '../src/sys/index.js';
import {
  commandMissing,
  freshProcRefused,
  isRoot,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { output, script, shell } from './helpers/inside.js';

const noUser = userNamespacesRefused();
const noProc = noUser ?? freshProcRefused();
const noTime = noUser ?? timeNamespacesRefused();
const all = namespaceKinds.filter((kind) => kind !== 'time' || noTime === undefined);

const linkOf = (kind: NamespaceKind) => `/proc/self/ns/${namespaces[kind].file}`;

/** The kinds whose namespaces are not those of this program. */
async function different(sandbox: Sandbox): Promise<NamespaceKind[]> {
  const links = (await output(sandbox, 'readlink', ...all.map(linkOf))).split('\n');
  assert.is(links.length, all.length);
  return all.filter((kind, i) => links[i] !== readlinkSync(linkOf(kind)));
}

test('bare() shares every namespace', async () => {
  assert.equal(await different(bare()), []);
});

skipUnless(test, noProc, 'isolate() has seven of its own, and shares that of the clocks', async () => {
  assert.equal(
    await different(isolate()),
    all.filter((kind) => kind !== 'time'),
  );
});

skipUnless(test, noProc ?? noTime, 'all eight can be new', async () => {
  assert.equal(await different(bare().unshare(...namespaceKinds)), [...namespaceKinds]);
});

for (const kind of all) {
  skipUnless(test, noUser, `a new ${kind} namespace alone`, async () => {
    assert.equal(await different(bare().unshare('user', kind)), kind === 'user' ? ['user'] : ['user', kind]);
  });
}

for (const kind of all.filter((kind) => kind !== 'user')) {
  skipUnless(test, noProc, `isolate() that shares ${kind}`, async () => {
    assert.equal(
      await different(isolate().share(kind)),
      all.filter((other) => other !== kind && other !== 'time'),
    );
  });
}

skipUnless(
  test,
  isRoot ? undefined : 'without a user namespace only root may',
  'root needs no user namespace',
  async () => {
    assert.equal(await different(bare().unshare('net', 'uts')), ['net', 'uts']);
  },
);

skipUnless(test, noUser, 'the host name and the domain name are those that were given', async () => {
  const box = bare().unshare('user', 'uts').hostname('box').domainname('example.org');
  assert.is(await shell(box, 'uname -n; cat /proc/sys/kernel/domainname'), 'box\nexample.org');
  assert.is.not(hostname(), 'box');
});

skipUnless(test, noUser, 'a new UTS namespace without a name starts with that of the host', async () => {
  assert.is(await output(bare().unshare('user', 'uts'), 'uname', '-n'), hostname());
});

const processes = 'cd /proc && echo [0-9]*';

skipUnless(test, noProc, 'a fresh proc shows the processes of the sandbox alone', async () => {
  const plain = bare().unshare('user', 'pid', 'mount');
  assert.is(await shell(plain, `echo $$; ${processes}`), '2\n1 2');
  assert.is(await shell(plain.asPid1(), `echo $$; ${processes}`), '1\n1');
  assert.is(await shell(isolate(), `echo $$; ${processes}`), '2\n1 2');
  assert.is(await shell(isolate().asPid1(), `echo $$; ${processes}`), '1\n1');
});

skipUnless(test, noProc, 'a fresh proc can be mounted elsewhere: /proc is that of the host then', async () => {
  const box = bare().unshare('user', 'pid', 'mount').proc('/srv');
  assert.is(
    await shell(box, `echo $$; cat /proc/${process.pid}/comm; readlink /srv/self/ns/pid > /dev/null && echo fresh`),
    `2\n${readFileSync('/proc/self/comm', 'utf8')}fresh`,
  );
});

skipUnless(test, noUser, 'proc(false) mounts none', async () => {
  const box = bare().unshare('user', 'pid', 'mount').proc(false);
  assert.is(await output(box, 'cat', `/proc/${process.pid}/comm`), readFileSync('/proc/self/comm', 'utf8').trim());
});

/** Listens on 127.0.0.1 and connects to itself. */
const connects = `
  const net = require('node:net');
  const tell = (error) => { console.log(error.code); process.exit(); };
  const server = net.createServer().on('error', tell).listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1', () => tell({ code: 'connected' })).on('error', tell);
  });
`;
const refusedConnect = `
  require('node:net').connect(1, '127.0.0.1').on('error', (error) => console.log(error.code));
`;

skipUnless(test, noUser, 'with loopback(), 127.0.0.1 answers and is the only address', async () => {
  const box = bare().unshare('user', 'net').loopback();
  assert.is(await script(box, connects), 'connected');
  assert.is(await script(box, refusedConnect), 'ECONNREFUSED');
  assert.is(await output(box, 'sed', '-n', 's/^ *\\([^ ]*\\):.*/\\1/p', '/proc/net/dev'), 'lo');
});

skipUnless(test, noUser, 'without loopback(), nothing answers', async () => {
  assert.is(await script(bare().unshare('user', 'net'), refusedConnect), 'ENETUNREACH');
});

skipUnless(
  test,
  noUser ?? commandMissing('ipcmk'),
  'a new IPC namespace does not have the shared memory of the host',
  async () => {
    const id = /\d+/.exec(execFileSync('ipcmk', ['--shmem', '4096'], { encoding: 'utf8' }))?.[0] as string;
    try {
      const segments = (sandbox: Sandbox) => output(sandbox, 'awk', 'NR > 1 { print $2 }', '/proc/sysvipc/shm');
      assert.ok((await segments(bare())).split('\n').includes(id));
      assert.is(await segments(bare().unshare('user', 'ipc')), '');
    } finally {
      execFileSync('ipcrm', ['--shmem-id', id]);
    }
  },
);

skipUnless(test, noUser, 'a new cgroup namespace has its group as the root', async () => {
  const box = bare().unshare('user', 'cgroup');
  const paths = (await output(box, 'cut', '-d:', '-f3-', '/proc/self/cgroup')).split('\n');
  assert.ok(paths.length > 0 && paths.every((path) => path === '/'), String(paths));
});

skipUnless(test, noProc, 'a caller that is in its own /proc does not take it along', async () => {
  const before = process.cwd();
  process.chdir('/proc/sys/kernel');
  try {
    assert.is(await output(isolate(), 'sh', '-c', 'pwd; ls .. >/dev/null && cat ../../2/comm'), '/proc/sys/kernel\nsh');
    assert.is(await output(isolate().cwd('..'), 'sh', '-c', 'pwd; cat ../2/comm'), '/proc/sys\nsh');
    // By a call of its own: Node does not see that it is elsewhere now.
    chdir('/proc');
    assert.is(await output(isolate(), 'cat', '2/comm'), 'cat');
    process.chdir(`/proc/${process.pid}/task`);
    const error = await isolate()
      .run('true')
      .catch((error) => error);
    assert.is(error.reason, 'cwd-not-found');
  } finally {
    process.chdir(before);
  }
});

test.run();
