// What an error says can be done about it: each rule is provoked here, and where it names a way out, that works.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { start } from '../src/builder/process/start.js';
import { thisHost } from '../src/builder/this-host.js';
import { thisHostFiles } from '../src/builder/this-host-files.js';
import { bare, type HostFiles, type Sandbox, StepError } from '../src/index.js';
import { freshProcRefused, rootOnly, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { programOf, quoted, repository } from './helpers/program.js';

const noUser = userNamespacesRefused();
const noProc = noUser ?? freshProcRefused();
const folder = mkdtempSync(join(tmpdir(), 'isolate-help-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly syscall?: string;
  readonly code?: string;
  readonly help?: string;
  readonly message?: string;
}

/**
 * What goes wrong when `true` is run in each of these sandboxes, which are JavaScript, in a program that `before` was done
 * to: shell commands, in new namespaces.
 */
function tellInside(namespaces: string[], before: string, ...sandboxes: string[]): Told[] {
  const command = programOf(`
    const told = [];
    for (const box of [${sandboxes.join(', ')}]) {
      told.push(await box.run('true').then(() => ({}), ({ syscall, code, help, message }) => ({ syscall, code, help, message })));
    }
    console.log(JSON.stringify(told));
  `);
  const script = `set -e; ${before}; exec ${quoted(command)}`;
  const options = { encoding: 'utf8', cwd: repository } as const;
  const { stdout, stderr } = spawnSync('unshare', [...namespaces, 'sh', '-c', script], options);
  assert.is(stderr, '');
  return JSON.parse(stdout) as Told[];
}

/** The failure of a call, with its help in the message. */
function failsWith(told: Told | undefined, syscall: string, code: string, help: RegExp): void {
  assert.equal([told?.syscall, told?.code], [syscall, code], told?.message);
  assert.match(told?.help ?? 'no help', help);
  assert.ok(told?.message?.includes(`\n  help  ${told.help}\n`), told?.message);
}

skipUnless(test, noUser, 'clone3, ENOSPC: a limit on namespaces', () => {
  const before = 'echo 0 > /proc/sys/user/max_net_namespaces';
  const boxes = ["bare().unshare('user', 'net')", "bare().unshare('user', 'uts')"];
  const [net, uts] = tellInside(['--user', '--map-root-user'], before, ...boxes);
  failsWith(net, 'clone3', 'ENOSPC', /limit .*\/proc\/sys\/user\/max_\*_namespaces/);
  assert.equal(uts, {}, 'the limit is on those of the network alone');
});

skipUnless(test, noUser, 'clone3, EPERM: no user namespaces for this user', () => {
  // The user does not exist in the user namespace that it is in, and such a one may not make another.
  const [told] = tellInside(['--user'], 'true', "bare().unshare('user')");
  failsWith(told, 'clone3', 'EPERM', /^possible cause: .*user namespaces/);
});

skipUnless(test, noProc, 'mount, EPERM: parts of /proc are covered', () => {
  const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc'];
  const [fresh, another, none, shared] = tellInside(
    namespaces,
    'mount -t tmpfs none /proc/tty',
    "bare().unshare('user', 'mount', 'pid')",
    "bare().unshare('user', 'mount', 'pid').tmpfs('/tmp')",
    "bare().unshare('user', 'mount', 'pid').proc(false)",
    "bare().unshare('user', 'mount', 'pid').share('pid')",
  );
  failsWith(another, 'fsmount', 'EPERM', /^possible cause: .*\/proc are covered/);
  failsWith(fresh, 'mount', 'EPERM', /^possible cause: .*\/proc are covered.*\.proc\(false\), or \.share\('pid'\)/);
  assert.equal([none, shared], [{}, {}], 'both ways out work');
});

test('execve, ENOEXEC: a script that does not name its interpreter', async () => {
  const script = join(folder, 'script');
  writeFileSync(script, 'echo it ran\n', { mode: 0o755 });
  const error = await bare()
    .run(script)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  assert.instance(error, StepError);
  failsWith(error as StepError as Told, 'execve', 'ENOEXEC', /#!\/bin\/sh/);
  writeFileSync(script, '#!/bin/sh\necho it ran\n', { mode: 0o755 });
  assert.is((await bare().run(script)).stdout, 'it ran\n', 'the way out works');
});

skipUnless(test, noUser, 'setresuid and setresgid, EINVAL: an id that is not mapped', () => {
  const [user, group] = tellInside(['--user', '--map-root-user'], 'true', 'bare().uid(1234)', 'bare().gid(1234)');
  failsWith(user, 'setresuid', 'EINVAL', /not mapped/);
  failsWith(group, 'setresgid', 'EINVAL', /not mapped/);
});

skipUnless(test, rootOnly() ?? noUser, 'openat, EACCES: a program that has changed its user', () => {
  const isolateTrue =
    "bare().unshare('user').run('true').then(() => ({}), ({ syscall, code, help, message }) => ({ syscall, code, help, message }))";
  const [file, args] = programOf(`
    process.setgid(1000);
    process.setuid(1000);
    const told = await ${isolateTrue};
    sys.prctl(sys.PR.SET_DUMPABLE, 1, 0, 0, 0);
    console.log(JSON.stringify([told, await ${isolateTrue}]));
  `);
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository });
  assert.is(stderr, '');
  const [told, mended] = JSON.parse(stdout) as Told[];
  failsWith(told, 'openat', 'EACCES', /changed its user.*PR_SET_DUMPABLE/);
  assert.equal(mended, {}, 'the way out works');
});

/** The failure of a bind on a host whose files are not what its answers say. */
async function failureOn(sandbox: Sandbox, wrong: Partial<HostFiles>): Promise<StepError> {
  const host = { ...thisHost(), files: { ...thisHostFiles, ...wrong } };
  const plan = compile(sandbox.stdio('ignore').spec, { file: 'true', args: [] }, host);
  const error = await start(plan, sandbox.spec, undefined).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, StepError);
  return error as StepError;
}

skipUnless(test, noUser, 'openat2, ELOOP: a symbolic link that was not there when the plan was made', async () => {
  const link = join(folder, 'link');
  symlinkSync('/etc', link);
  const at: HostFiles['at'] = (path) => (path === link ? { type: 'directory' } : thisHostFiles.at(path));
  // Below it, so that the link itself is on the way.
  const below: HostFiles['at'] = (path) => (path === `${link}/x` ? { type: 'directory' } : at(path));
  const sandbox = bare().unshare('user', 'mount').bind(folder, `${link}/x`);
  const error = await failureOn(sandbox, { at: below });
  failsWith(error as Told, 'openat2', 'ELOOP', /symbolic link/);
});

skipUnless(test, noUser, 'futex, EAGAIN: another file at the path of a descriptor', async () => {
  const fd = openSync(folder, 'r');
  try {
    const descriptor: HostFiles['descriptor'] = (asked) => {
      const found = thisHostFiles.descriptor(asked);
      return found && { ...found, inode: String(BigInt(found.inode) + 2n ** 33n) };
    };
    const sandbox = bare().unshare('user', 'mount').bind(fd, '/mnt');
    failsWith((await failureOn(sandbox, { descriptor })) as Told, 'futex', 'EAGAIN', /another file/);
    assert.is((await sandbox.run('true')).exit.kind, 'exited', 'the one that is there can be bound');
  } finally {
    closeSync(fd);
  }
});

skipUnless(
  test,
  noUser,
  'open_tree, EINVAL: mounts that are locked together; mount_setattr, EPERM: what the host has set',
  () => {
    const [part, times, whole] = tellInside(
      ['--user', '--map-root-user', '--mount'],
      'mount -t tmpfs none /mnt; mkdir /mnt/below; mount -t tmpfs none /mnt/below',
      "bare().unshare('user', 'mount').bind('/mnt', '/srv', { topOnly: true })",
      "bare().unshare('user', 'mount').bind('/mnt', '/srv', { noatime: true })",
      "bare().unshare('user', 'mount').bind('/mnt', '/srv')",
    );
    failsWith(part, 'open_tree', 'EINVAL', /leave out topOnly/);
    failsWith(times, 'mount_setattr', 'EPERM', /a user namespace cannot change/);
    assert.equal(whole, {}, 'the way out works');
  },
);

skipUnless(test, noProc, 'a working directory, or a command, that the command cannot see', () => {
  const [cwd, command, shared] = tellInside(
    ['--user', '--map-current-user'],
    'true',
    "isolate().cwd('/run/lock')",
    "bare().unshare('user', 'mount').emptyRoot()",
    "isolate().dir('/run/lock').cwd('/run/lock')",
  );
  failsWith(cwd, 'openat2', 'ENOENT', /\.roBind\(\) or \.bind\(\), or start elsewhere, \.cwd\('\/'\)/);
  failsWith(command, 'execve', 'ENOENT', /sees other files than you/);
  assert.equal(shared, {}, 'the way out works');
});

skipUnless(
  test,
  noUser,
  'openat, a host that gives no terminal; futex, EAGAIN: its /dev/ptmx is another device',
  () => {
    const namespaces = ['--user', '--map-root-user', '--mount'];
    const host = "bare().unshare('user').tty()";
    const own = "bare().unshare('user', 'mount').dev().tty()";
    const one =
      'mount -t devpts -o newinstance,ptmxmode=0666,max=1 none /dev/pts; mount --bind /dev/pts/ptmx /dev/ptmx';
    const [full] = tellInside(namespaces, `${one}; exec 9<>/dev/ptmx`, host);
    failsWith(full, 'openat', 'ENOSPC', /no terminal is left.*kernel\/pty\/max.*max of the mount/);
    const nodev = 'mount --bind /dev/ptmx /dev/ptmx; mount -o remount,bind,nodev /dev/ptmx';
    const [denied, mended] = tellInside(namespaces, nodev, host, own);
    failsWith(denied, 'openat', 'EACCES', /terminals of its own, \.dev\(\)/);
    assert.equal(mended, {}, 'the way out works');
    const [other] = tellInside(namespaces, 'mount --bind /dev/null /dev/ptmx', host);
    failsWith(other, 'futex', 'EAGAIN', /another device/);
  },
);

skipUnless(test, noUser, 'where nothing is known, nothing is said', () => {
  const box = "bare().unshare('user', 'mount').bind('/proc/self/task/' + process.pid, '/tmp')";
  const [told] = tellInside(['--user', '--map-root-user'], 'true', box);
  assert.equal([told?.syscall, told?.code, told?.help], ['open_tree', 'ENOENT', undefined], told?.message);
  assert.not.match(told?.message as string, '\n  help');
});

test.run();
