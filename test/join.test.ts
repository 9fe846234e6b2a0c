// Namespaces of others: those of a running process, and those that have a path. Seen from inside.
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import {
  bare,
  isolate,
  type JoinInput,
  type RunningProcess,
  type Sandbox,
  SpecError,
  StepError,
} from '../src/index.js';
import { namespacesOf, pin, unpin } from '../src/ns/index.js';
import { close, pidfd_open } from '../src/sys/index.js';
import {
  either,
  freshProcRefused,
  isRoot,
  rootOnly,
  skipUnless,
  timeNamespacesRefused,
  userNamespacesRefused,
} from './helpers/can.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { user as madeUpUser } from './helpers/made-up-host.js';

const noProc = either(userNamespacesRefused(), freshProcRefused());
const folder = mkdtempSync(join(tmpdir(), 'isolate-join-'));
test.after(() => rmSync(folder, { recursive: true }));

/** Somebody who lives in namespaces of its own. */
const sleeper = (sandbox: Sandbox): Promise<RunningProcess> => sandbox.spawn('sleep', ['1000'], { stdio: 'ignore' });
const printed = async (sandbox: Sandbox, script: string): Promise<string> => {
  const { stdout, stderr, exit } = await sandbox.run('sh', ['-c', script]);
  assert.is(exit.kind === 'exited' && exit.code, 0, `${stdout}${stderr}`);
  return stdout.trim();
};
const links = 'cd /proc/self/ns; for kind in user mnt pid net ipc uts cgroup; do readlink $kind; done';

skipUnless(test, noProc, 'a process is joined in all in which it is elsewhere', async () => {
  await using other = await sleeper(isolate().hostname('other'));
  const ids = namespacesOf(other.pid);
  const seen = await printed(bare().join(other.pid), `hostname; ls -d /proc/1/ns; ${links}`);
  const { user, mount, pid, net, ipc, uts, cgroup } = ids;
  const expected = [user, mount, pid, net, ipc, uts, cgroup].map((id) => String(id));
  assert.equal(seen.match(/\d{9,}/g), expected);
  assert.match(seen, /^other\n/);
});

skipUnless(
  test,
  noProc,
  'as whom: the caller where it exists inside, with its capabilities over what is in there',
  async () => {
    await using other = await sleeper(isolate());
    const uid = process.getuid?.();
    const seen = await printed(bare().join(other.pid), 'id -u; grep CapBnd /proc/self/status; pwd');
    assert.match(seen, new RegExp(`^${uid}\n.*[1-9a-f]\n/$`));
    await using rooted = await sleeper(bare().unshare('user', 'mount', 'pid').mapRoot());
    assert.is(await printed(bare().join(rooted.pid), 'id -u; id -g'), '0\n0');
  },
);

skipUnless(
  test,
  either(rootOnly(), noProc),
  'who does not exist inside is root there, unless .uid() says who',
  async () => {
    const range = { inside: 0, outside: 100_000, count: 1000 };
    await using other = await sleeper(bare().unshare('user', 'mount', 'pid').mapUsers(range).mapGroups(range));
    assert.is(await printed(bare().join(other.pid), 'id -u; id -g; id -G'), '0\n0\n0');
    assert.is(await printed(bare().join(other.pid).uid(5).gid(6), 'id -u; id -g; id -G'), '5\n6\n6');
  },
);

skipUnless(test, noProc, 'what the spec says of credentials and protections holds inside, too', async () => {
  await using other = await sleeper(isolate());
  const strict = bare().join(other.pid).capabilities([]).noNewPrivs().newSession().umask(0o77).dieWithParent();
  const seen = await printed(strict, 'grep -E "^(Cap(Eff|Bnd)|NoNewPrivs|NSsid|NSpid)" /proc/self/status; umask');
  assert.match(seen, /CapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1/);
  assert.match(seen, /0077$/);
});

skipUnless(test, noProc, 'a pidfd, and some of the namespaces only', async () => {
  await using other = await sleeper(isolate().hostname('other'));
  const pidfd = pidfd_open(other.pid, 0);
  try {
    const ids = namespacesOf(other.pid);
    const seen = await printed(bare().join({ pidfd, kinds: ['uts', 'user'] }), `hostname; ${links}`);
    const [name, user, mount, ...others] = seen.split('\n');
    assert.equal([name, user, mount], ['other', `user:[${ids.user}]`, readlinkSync('/proc/self/ns/mnt')]);
    assert.ok(others.includes(`uts:[${ids.uts}]`));
    assert.ok(others.includes(readlinkSync('/proc/self/ns/net')));
  } finally {
    close(pidfd);
  }
});

skipUnless(test, either(noProc, timeNamespacesRefused()), 'a time namespace', async () => {
  await using other = await sleeper(isolate().clock({ boottime: 1_000_000 }));
  assert.is(
    await printed(bare().join(other.pid), 'readlink /proc/self/ns/time'),
    `time:[${namespacesOf(other.pid).time}]`,
  );
});

skipUnless(test, noProc, 'the command is a child of this program, and its end is told like any other', async () => {
  await using other = await sleeper(isolate());
  const joined = bare().join(other.pid);
  assert.equal((await joined.run('sh', ['-c', 'exit 7'])).exit.kind, 'exited');
  await using running = await joined.spawn('sleep', ['1000'], { stdio: 'ignore' });
  assert.is(Number(readFileSync(`/proc/${running.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]), process.pid);
  assert.is(running.kill('SIGTERM'), true);
  const exit = await running.exited;
  assert.is(exit.kind === 'signaled' && exit.signal, 'SIGTERM');
  const error = await joined.run('no-such-command').catch((error) => error);
  assert.instance(error, StepError);
  assert.is(error.reason, 'command-not-found');
});

skipUnless(
  test,
  noProc,
  'nothing is left of it, also where a step fails or the one who is joined is gone',
  async () => {
    await using other = await sleeper(isolate());
    const joined = bare().join(other.pid);
    await joined.run('true');
    const before = hostState();
    for (let i = 0; i < 20; i++) {
      await joined.run('true');
      await joined.run('no-such-command').catch(() => {});
      await joined
        .cwd('/no/such/directory')
        .run('true')
        .catch(() => {});
      await joined.run('sleep', ['1000'], { signal: AbortSignal.timeout(i % 4) }).catch(() => {});
    }
    assertSameHost(before, 'after joins');
  },
);

const path = (name: string) => join(folder, name);

skipUnless(
  test,
  either(rootOnly(), noProc),
  'a path of a network namespace, beside new ones of all other kinds',
  async () => {
    await using other = await sleeper(isolate());
    pin('net', path('net'), other.pid);
    try {
      const ids = namespacesOf(other.pid);
      for (const sandbox of [isolate(), isolate().asPid1(), bare().unshare('user', 'mount', 'pid').mapRoot()]) {
        const seen = await printed(sandbox.join({ net: path('net') }), `echo $$; ${links}`);
        const [pid, user, , pidNamespace, net] = seen.split('\n');
        assert.is(pid, sandbox.spec.asPid1 ? '1' : '2');
        assert.is(net, `net:[${ids.net}]`);
        assert.is.not(user, readlinkSync('/proc/self/ns/user'));
        assert.is.not(pidNamespace, readlinkSync('/proc/self/ns/pid'));
      }
      // Maps that this program writes while the second child waits.
      const range = { inside: 0, outside: 100_000, count: 1000 };
      const mapped = isolate()
        .mapUsers(range)
        .mapGroups(range)
        .join({ net: path('net') });
      assert.is(await printed(mapped, 'id -u; readlink /proc/self/ns/net'), `0\nnet:[${ids.net}]`);
      assert.is(await printed(bare().join({ net: path('net') }), 'readlink /proc/self/ns/net'), `net:[${ids.net}]`);
    } finally {
      unpin(path('net'));
    }
    assert.is(existsSync(path('net')), false);
  },
);

skipUnless(test, either(rootOnly(), noProc), 'paths of a user namespace and of what belongs to it', async () => {
  await using other = await sleeper(bare().unshare('user', 'uts', 'ipc').mapRoot().hostname('other'));
  for (const kind of ['user', 'uts'] as const) pin(kind, path(kind), other.pid);
  try {
    const seen = await printed(
      bare()
        .join({ uts: path('uts'), user: path('user') })
        .uid(0),
      'hostname; readlink /proc/self/ns/user',
    );
    assert.is(seen, `other\nuser:[${namespacesOf(other.pid).user}]`);
  } finally {
    for (const kind of ['user', 'uts']) unpin(path(kind));
  }
});

skipUnless(
  test,
  isRoot ? 'root may' : noProc,
  'without privilege over it a namespace is not joined, and the call is named',
  async () => {
    const error = await bare()
      .join({ net: '/proc/self/ns/net' })
      .run('true')
      .catch((error) => error);
    assert.instance(error, StepError);
    assert.is(error.syscall, 'setns');
    assert.is(error.code, 'EPERM');
    assert.match(error.help, /CAP_SYS_ADMIN/);
  },
);

test('what is no such namespace is named by the kernel, and a FIFO keeps nobody waiting', async () => {
  const fifo = join(folder, 'fifo');
  await bare().run('mkfifo', [fifo]);
  for (const net of ['/etc/passwd', fifo]) {
    const error = await inTime(bare().join({ net }).run('true'), net).catch((error) => error);
    assert.instance(error, StepError);
    assert.equal([error.syscall, error.code], ['setns', 'EINVAL']);
  }
});

const refusals: [name: string, make: () => Sandbox, says: RegExp][] = [
  ['our own namespaces', () => bare().join(process.pid), /same namespaces/],
  ['nobody', () => bare().join(2 ** 22 + 1), /not there/],
  ['a kind that is ours', () => bare().join({ pid: process.pid, kinds: ['net'] }), /no other net namespace/],
  ['nothing', () => bare().join({}), /nothing is named/],
  ['a kind that there is not', () => bare().join({ network: '/x' } as JoinInput), /no namespace "network"/],
  ['no path', () => bare().join({ net: 7 } as unknown as JoinInput), /not a path/],
];
for (const [name, make, says] of refusals) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => make().plan('true'),
      (error: unknown) => error instanceof SpecError && error.field === 'join' && says.test(error.message),
    );
  });
}

test('refused: new namespaces beside a user, mount, PID or time namespace of others', () => {
  const plan = (sandbox: Sandbox) => compile(sandbox.spec, { file: 'true', args: [] }, madeUpUser);
  assert.ok(plan(bare().join(77)).steps.length > 0);
  assert.throws(
    () => plan(bare().unshare('ipc').join(77)),
    (error: unknown) => error instanceof SpecError && /can be new beside/.test(error.message),
  );
  assert.throws(
    () => plan(bare().unshare('user').join(77)),
    (error: unknown) => error instanceof SpecError && /is to be new, too/.test(error.message),
  );
});

test('.join() is data: it comes back from JSON, and what is named later wins', () => {
  const sandbox = bare()
    .join({ net: '/a', uts: '/b' })
    .join({ net: '/c' })
    .join({ pid: 77, kinds: ['user', 'pid'] });
  assert.equal(sandbox.spec.join, {
    paths: { net: '/c', uts: '/b' },
    process: { pid: 77 },
    kinds: ['user', 'pid'],
  });
});

test.run();
