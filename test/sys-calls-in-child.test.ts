// Real calls that change the process that makes them: each runs in a child of this test, `node THIS-FILE NAME`.
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Block } from '../src/sys/block.js';
import * as sys from '../src/sys/index.js';

const { AT, CLONE, MS, O, PR, SIG } = sys;

/** The call has to fail with this error. */
function fails(code: sys.ErrnoName, call: () => unknown): void {
  assert.throws(call, (error: unknown) => error instanceof sys.SyscallError && error.code === code);
}

function statusOf(name: string, of = 'thread-self'): string | undefined {
  const text = readFileSync(`/proc/${of}/status`, 'utf8');
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1]?.trim();
}

const bit = (signal: number): bigint => 1n << BigInt(signal - 1);
const open = (path: string, flags: number): sys.Fd => sys.openat(AT.FDCWD, path, flags | O.CLOEXEC, 0o666);

/** What anybody may do. `scratch` is an empty directory. */
const changes: Record<string, (scratch: string) => void> = {
  umask(scratch) {
    sys.umask(0o027);
    sys.close(open(`${scratch}/file`, O.CREAT | O.WRONLY));
    assert.is(statSync(`${scratch}/file`).mode & 0o777, 0o640);
    assert.is(sys.umask(0), 0o027);
  },

  'chdir and fchdir'(scratch) {
    sys.chdir(scratch);
    assert.is(readlinkSync('/proc/self/cwd'), scratch);
    sys.fchdir(open('/', O.PATH | O.DIRECTORY));
    assert.is(readlinkSync('/proc/self/cwd'), '/');
    fails('ENOENT', () => sys.chdir(`${scratch}/nothing`));
    sys.close(open(`${scratch}/file`, O.CREAT | O.WRONLY));
    fails('ENOTDIR', () => sys.chdir(`${scratch}/file`));
  },

  'setsid and a controlling terminal'() {
    const session = sys.setsid();
    assert.is(session, process.pid);
    assert.is(sys.getsid(0), session);
    fails('EPERM', () => sys.setsid());
    fails('ENXIO', () => open('/dev/tty', O.RDWR));

    const terminal = open('/dev/ptmx', O.RDWR | O.NOCTTY);
    sys.ioctl_tiocsptlck(terminal, 0);
    const peer = sys.ioctl_tiocgptpeer(terminal, O.RDWR | O.NOCTTY | O.CLOEXEC);
    sys.ioctl_tiocsctty(peer, 0);
    sys.close(open('/dev/tty', O.RDWR));
    assert.is(sys.ioctl_tiocgpgrp(peer), process.pid);
    sys.ioctl_tiocspgrp(peer, sys.getpgid(0));
    assert.is(sys.ioctl_tiocgpgrp(terminal), process.pid);
    fails('ESRCH', () => sys.ioctl_tiocspgrp(peer, 0x3fff_ffff));

    // The leader of a session gets SIGHUP when it gives up its terminal.
    sys.rt_sigaction(SIG.HUP, 'SIG_IGN');
    sys.ioctl_tiocnotty(peer);
    fails('ENXIO', () => open('/dev/tty', O.RDWR));
  },

  sched_setaffinity() {
    const allowed = statusOf('Cpus_allowed_list') as string;
    const last = Number(/(\d+)$/.exec(allowed)?.[1]);
    // CPUs that are not there are left out.
    sys.sched_setaffinity(0, [last, 700]);
    assert.is(statusOf('Cpus_allowed_list'), String(last));
    fails('EINVAL', () => sys.sched_setaffinity(0, []));
    fails('ESRCH', () => sys.sched_setaffinity(0x3fff_ffff, [last]));
  },

  prlimit64() {
    const before = sys.prlimit64(0, sys.RLIMIT.NOFILE, null);
    assert.equal(sys.prlimit64(0, sys.RLIMIT.NOFILE, { ...before, rlim_cur: 77n }), before);
    assert.is(sys.prlimit64(process.pid, sys.RLIMIT.NOFILE, null).rlim_cur, 77n);
    assert.match(readFileSync('/proc/self/limits', 'utf8'), /^Max open files\s+77\s/m);
    sys.prlimit64(0, sys.RLIMIT.CORE, { rlim_cur: 0n, rlim_max: 0n });
    assert.match(readFileSync('/proc/self/limits', 'utf8'), /^Max core file size\s+0\s+0\s/m);
  },

  'prctl sets'() {
    sys.prctl(PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    assert.is(statusOf('NoNewPrivs'), '1');
    sys.prctl(PR.SET_DUMPABLE, 0, 0, 0, 0);
    assert.is(sys.prctl(PR.GET_DUMPABLE, 0, 0, 0, 0), 0);
    sys.prctl(PR.SET_DUMPABLE, 1, 0, 0, 0);

    const block = new Block(64);
    sys.prctl(PR.SET_NAME, block.putString('a-name'), 0, 0, 0);
    assert.is(readFileSync('/proc/thread-self/comm', 'utf8'), 'a-name\n');
    sys.prctl(PR.SET_PDEATHSIG, SIG.USR2, 0, 0, 0);
    const place = block.reserve(8);
    sys.prctl(PR.GET_PDEATHSIG, BigInt(block.address + place), 0, 0, 0);
    assert.is(block.int32(place), SIG.USR2);
  },

  'rt_sigprocmask blocks all that can be blocked, and a set in memory is restored'() {
    sys.rt_sigprocmask(sys.SIG_HOW.SETMASK, [SIG.USR1, 64]);
    const before = sys.rt_sigprocmask(sys.SIG_HOW.SETMASK, 'all');
    assert.equal(before, [SIG.USR1, 64]);
    const all = 0xffff_ffff_ffff_ffffn & ~bit(SIG.KILL) & ~bit(SIG.STOP);
    assert.is(statusOf('SigBlk'), all.toString(16));

    const block = new Block(64);
    const place = block.reserve(8);
    block.setWord(place, bit(SIG.USR2));
    sys.rt_sigprocmask_from(sys.SIG_HOW.SETMASK, block.address + place);
    assert.equal(sys.rt_sigprocmask(sys.SIG_HOW.SETMASK, null), [SIG.USR2]);
    fails('EFAULT', () => sys.rt_sigprocmask_from(sys.SIG_HOW.SETMASK, 8));
  },

  rt_sigaction() {
    const ignored = () => BigInt(`0x${statusOf('SigIgn')}`);
    assert.is(ignored() & bit(SIG.PIPE), bit(SIG.PIPE), 'Node ignores it');
    sys.rt_sigaction(SIG.PIPE, 'SIG_DFL');
    sys.rt_sigaction(SIG.USR2, 'SIG_IGN');
    assert.is(ignored() & (bit(SIG.PIPE) | bit(SIG.USR2)), bit(SIG.USR2));
    sys.kill(process.pid, SIG.USR2);
    sys.rt_sigaction(SIG.USR2, 'SIG_DFL');
    assert.is(ignored() & bit(SIG.USR2), 0n);
  },

  'a session keyring of its own'() {
    const current = () => sys.keyctl(sys.KEYCTL.GET_KEYRING_ID, sys.KEY_SPEC.SESSION_KEYRING, 0, 0, 0);
    let before: number;
    try {
      before = current();
    } catch (error) {
      if (!['ENOSYS', 'EPERM', 'EDQUOT'].includes((error as sys.SyscallError).code)) throw error;
      console.log(`skipped: keyctl: there are no keys here: ${(error as Error).message}`);
      return;
    }
    const joined = sys.keyctl(sys.KEYCTL.JOIN_SESSION_KEYRING, 0, 0, 0, 0);
    assert.is.not(joined, before);
    assert.is(current(), joined);
    fails('EOPNOTSUPP', () => sys.keyctl(12_345, 0, 0, 0, 0));
  },

  'a user who has none loses nothing with all capabilities'() {
    sys.capset({ effective: 0n, permitted: 0n, inheritable: 0n });
    assert.is(BigInt(`0x${statusOf('CapPrm')}`), 0n);
    fails('EPERM', () => sys.capset({ effective: 0n, permitted: 1n, inheritable: 0n }));
    fails('EPERM', () => sys.prctl(PR.CAPBSET_DROP, sys.CAP.SYS_BOOT, 0, 0, 0));
  },
};

/** What needs the rights of root, if only in a user namespace. */
const changesOfRoot: Record<string, (scratch: string) => void> = {
  'sethostname and setdomainname'() {
    sys.unshare(CLONE.NEWUTS);
    sys.sethostname('isolate-test');
    assert.is(hostname(), 'isolate-test');
    sys.setdomainname('é');
    assert.is(readFileSync('/proc/sys/kernel/domainname', 'utf8'), 'é\n');
    fails('EINVAL', () => sys.sethostname('x'.repeat(65)));
  },

  'the loopback of a new network namespace goes up'() {
    const outside = sys.socket(sys.AF.INET, sys.SOCK.DGRAM | sys.SOCK.CLOEXEC, 0);
    const flagsOutside = sys.ioctl_siocgifflags(outside, 'lo');
    sys.unshare(CLONE.NEWNET);
    const inside = sys.socket(sys.AF.INET, sys.SOCK.DGRAM | sys.SOCK.CLOEXEC, 0);
    assert.is(sys.ioctl_siocgifflags(inside, 'lo'), sys.IFF.LOOPBACK);
    sys.ioctl_siocsifflags(inside, { name: 'lo', flags: sys.IFF.UP });
    const up = sys.IFF.LOOPBACK | sys.IFF.UP | sys.IFF.RUNNING;
    assert.is(sys.ioctl_siocgifflags(inside, 'lo'), up);
    assert.is(sys.ioctl_siocgifflags(outside, 'lo'), flagsOutside, 'a socket stays where it was made');
  },

  'mount, umount2 and a remount'(scratch) {
    ownMounts();
    sys.mount('scratch', scratch, 'tmpfs', MS.NOSUID | MS.NODEV, 'size=64k,mode=700');
    assert.match(mountLine(scratch), /rw,nosuid,nodev.* tmpfs scratch .*size=64k,mode=700/);
    const bound = `${scratch}/bound`;
    mkdirSync(bound);
    sys.mount(scratch, bound, null, MS.BIND, null);
    sys.mount(null, bound, null, MS.BIND | MS.REMOUNT | MS.RDONLY, null);
    fails('EROFS', () => open(`${bound}/file`, O.CREAT | O.WRONLY));
    sys.close(open(`${scratch}/file`, O.CREAT | O.WRONLY));
    fails('EBUSY', () => sys.umount2(scratch, 0));
    sys.umount2(bound, sys.UMOUNT.NOFOLLOW);
    fails('EAGAIN', () => sys.umount2(scratch, sys.MNT.EXPIRE));
    sys.umount2(scratch, sys.MNT.EXPIRE);
    fails('EINVAL', () => sys.umount2(scratch, sys.MNT.DETACH));
    fails('ENODEV', () => sys.mount('x', scratch, 'no-such-file-system', 0, null));
  },

  'fsopen, fsconfig, fsmount, move_mount: a mount by descriptors'(scratch) {
    ownMounts();
    const made = sys.fsopen('tmpfs', sys.FSOPEN.CLOEXEC);
    sys.fsconfig_set_string(made, 'size', '64k');
    sys.fsconfig_set_string(made, 'source', 'by-fd');
    fails('EINVAL', () => sys.fsconfig_set_flag(made, 'no-such-option'));
    assert.match(sys.read(made, 1000).toString(), /no-such-option/);
    fails('EINVAL', () => sys.fsconfig_set_fd(made, 'size', made));
    fails('EINVAL', () => sys.fsmount(made, 0, 0));
    sys.fsconfig_cmd_create(made);
    const mount = sys.fsmount(made, sys.FSMOUNT.CLOEXEC, sys.MOUNT_ATTR.NOSUID | sys.MOUNT_ATTR.NOATIME);
    sys.mkdirat(mount, 'before', 0o700);
    sys.move_mount(mount, '', AT.FDCWD, scratch, sys.MOVE_MOUNT.F_EMPTY_PATH);
    assert.equal(readdirSync(scratch), ['before']);
    assert.match(mountLine(scratch), /rw,nosuid,noatime.* tmpfs by-fd .*size=64k/);

    const copy = sys.open_tree(mount, '', sys.OPEN_TREE.CLONE | sys.OPEN_TREE.CLOEXEC | AT.EMPTY_PATH | AT.RECURSIVE);
    const attr = { attr_set: sys.MOUNT_ATTR.RDONLY, attr_clr: sys.MOUNT_ATTR.NOSUID, propagation: MS.PRIVATE };
    sys.mount_setattr(copy, '', AT.EMPTY_PATH | AT.RECURSIVE, attr);
    sys.move_mount(copy, '', AT.FDCWD, `${scratch}/before`, sys.MOVE_MOUNT.F_EMPTY_PATH);
    assert.match(mountLine(`${scratch}/before`), / ro,noatime /);
    fails('EROFS', () => open(`${scratch}/before/file`, O.CREAT | O.WRONLY));
    fails('EINVAL', () => sys.mount_setattr(copy, '', AT.EMPTY_PATH, { attr_set: 1 << 30 }));

    sys.close(open(`${scratch}/file`, O.CREAT | O.WRONLY));
    const picked = sys.fspick(AT.FDCWD, scratch, sys.FSPICK.CLOEXEC);
    sys.fsconfig_set_flag(picked, 'ro');
    sys.fsconfig_cmd_reconfigure(picked);
    fails('EROFS', () => open(`${scratch}/file`, O.WRONLY));
    sys.umount2(scratch, sys.MNT.DETACH);
    assert.equal(readdirSync(scratch), []);
  },

  pivot_root(scratch) {
    ownMounts();
    sys.mount('root', scratch, 'tmpfs', 0, null);
    writeFileSync(`${scratch}/marker`, '');
    mkdirSync(`${scratch}/no-mount`);
    fails('EINVAL', () => sys.pivot_root(`${scratch}/no-mount`, `${scratch}/no-mount`));
    sys.unlinkat(AT.FDCWD, `${scratch}/no-mount`, AT.REMOVEDIR);
    sys.chdir(scratch);
    sys.pivot_root('.', '.');
    sys.umount2('.', sys.MNT.DETACH);
    assert.equal(readdirSync('/'), ['marker']);
  },

  chroot(scratch) {
    writeFileSync(`${scratch}/marker`, '');
    sys.chroot(scratch);
    assert.equal(readdirSync('/'), ['marker']);
  },

  'capabilities leave the bounding set, and the ambient set has them'() {
    const chown = 1n << BigInt(sys.CAP.CHOWN);
    const { effective, permitted } = sys.capget(0);
    sys.capset({ effective, permitted, inheritable: chown });
    sys.prctl(PR.CAP_AMBIENT, sys.PR_CAP_AMBIENT.RAISE, sys.CAP.CHOWN, 0, 0);
    assert.is(BigInt(`0x${statusOf('CapAmb')}`), chown);
    assert.is(sys.prctl(PR.CAP_AMBIENT, sys.PR_CAP_AMBIENT.IS_SET, sys.CAP.CHOWN, 0, 0), 1);
    sys.prctl(PR.CAP_AMBIENT, sys.PR_CAP_AMBIENT.CLEAR_ALL, 0, 0, 0);
    assert.is(BigInt(`0x${statusOf('CapAmb')}`), 0n);

    sys.prctl(PR.CAPBSET_DROP, sys.CAP.CHOWN, 0, 0, 0);
    assert.is(BigInt(`0x${statusOf('CapBnd')}`) & chown, 0n);
    sys.prctl(PR.SET_SECUREBITS, sys.SECBIT.NOROOT | sys.SECBIT.NOROOT_LOCKED, 0, 0, 0);
    assert.is(sys.prctl(PR.GET_SECUREBITS, 0, 0, 0, 0), sys.SECBIT.NOROOT | sys.SECBIT.NOROOT_LOCKED);

    const only = 1n << BigInt(sys.CAP.SYS_ADMIN);
    sys.capset({ effective: 0n, permitted: only, inheritable: 0n });
    assert.equal(sys.capget(0), { effective: 0n, permitted: only, inheritable: 0n });
  },
};

/** What needs other users to be mapped, too. */
const changesOfTheHostsRoot: Record<string, () => void> = {
  'users and groups change for the calling thread alone'() {
    sys.setgroups([1, 4_000_000_000]);
    assert.equal(sys.getgroups(), [1, 4_000_000_000]);
    assert.is(statusOf('Groups'), '1 4000000000');
    sys.setgroups([]);
    assert.equal(sys.getgroups(), []);
    sys.setresgid(1001, 1002, 1003);
    sys.setresuid(-1, 4_000_000_001, 1000);
    assert.equal(sys.getresgid(), { rgid: 1001, egid: 1002, sgid: 1003 });
    assert.equal(sys.getresuid(), { ruid: 0, euid: 4_000_000_001, suid: 1000 });
    sys.setresuid(0, 0, 0);
    sys.setresuid(1000, 1000, 1000);
    fails('EPERM', () => sys.setresuid(0, 0, 0));
    assert.is(statusOf('Uid'), '1000\t1000\t1000\t1000');
    const others = readdirSync('/proc/self/task').filter((thread) => thread !== String(process.pid));
    assert.ok(others.length > 0, 'Node has other threads');
    for (const thread of others) assert.is(statusOf('Uid', `self/task/${thread}`), '0\t0\t0\t0');
  },
};

/** Gives the process mounts of its own, whose changes nobody else sees. */
function ownMounts(): void {
  sys.unshare(CLONE.NEWNS);
  sys.mount(null, '/', null, MS.REC | MS.PRIVATE, null);
}

function mountLine(path: string): string {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.findLast((line) => line.split(' ')[4] === path) ?? '';
}

// --- the child

const everything = { ...changes, ...changesOfRoot, ...changesOfTheHostsRoot };
const [, , name, scratch] = process.argv;

if (name !== undefined && scratch !== undefined) {
  everything[name]?.(scratch);
  console.log('done');
} else {
  registerTests();
  test.run();
}

// --- the test

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function node(args: readonly string[], before: readonly string[] = []): Promise<Ended> {
  const [command, ...rest] = [...before, process.execPath, '--import', 'tsx', ...args] as [string, ...string[]];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** Starts the child now, at the same time as the others, and tests how it ended. */
function testInChild(change: string, before: readonly string[] = []): void {
  const folder = mkdtempSync(join(tmpdir(), 'isolate-sys-child-'));
  const ended = node([fileURLToPath(import.meta.url), change, folder], before);
  test(change, async () => {
    const { status, output } = await ended;
    rmSync(folder, { recursive: true, force: true });
    assert.is(status, 0, output);
    assert.match(output, /^done$/m);
    const skipped = /^skipped: .*$/m.exec(output);
    if (skipped !== null) console.log(`  ${skipped[0]}`);
  });
}

/** How to get the rights of root for a child: nothing is needed, or a user namespace, or why there is no way. */
function waysOfRoot(): readonly string[] | string {
  const mayAdminister = (sys.capget(0).effective >> BigInt(sys.CAP.SYS_ADMIN)) & 1n;
  if (mayAdminister === 1n) return [];
  const asRoot = ['--user', '--map-root-user'];
  const { error, status, stderr } = spawnSync('unshare', [...asRoot, 'true'], { encoding: 'utf8' });
  if (error !== undefined) return `no CAP_SYS_ADMIN, and no unshare(1) for a user namespace: ${error.message}`;
  return status === 0 ? ['unshare', ...asRoot] : `no CAP_SYS_ADMIN, and no user namespace either: ${stderr.trim()}`;
}

function skip(title: string, reason: string): void {
  console.log(`  skipped: ${title}: ${reason}`);
  test.skip(title, () => {});
}

function registerTests(): void {
  for (const change of Object.keys(changes)) testInChild(change);

  const root = waysOfRoot();
  for (const change of Object.keys(changesOfRoot)) {
    if (typeof root === 'string') skip(change, root);
    else testInChild(change, root);
  }
  for (const change of Object.keys(changesOfTheHostsRoot)) {
    if (process.geteuid?.() !== 0 || root.length > 0) skip(change, 'it needs root, and its capabilities');
    else testInChild(change);
  }

  const script = (body: string) =>
    node(['-e', `import('${new URL('../src/sys/index.ts', import.meta.url)}').then((sys) => { ${body} })`]);

  // Node marks its standard streams to be closed by execve: each of these takes the mark from stdout.
  const execve = script(`
    sys.fcntl_setfd(1, 0);
    sys.execve('/bin/sh', ['a name', '-c', 'echo "$0 $1 $A"; exit 3', 'zero', 'é'], ['A=b c']);
  `);
  test('execve replaces Node', async () => {
    assert.equal(await execve, { status: 3, output: 'zero é b c\n' });
  });

  const execveat = script(`
    sys.fcntl_setfd(1, 0);
    const fd = sys.openat(sys.AT.FDCWD, '/bin/sh', sys.O.PATH | sys.O.CLOEXEC, 0);
    sys.execveat(fd, '', ['sh', '-c', 'echo "it runs$A"'], [], sys.AT.EMPTY_PATH);
  `);
  test('execveat runs a program that is open', async () => {
    assert.equal(await execveat, { status: 0, output: 'it runs\n' });
  });

  const exit = script(`process.on('exit', () => console.log('exit event')); sys.exit_group(256 + 7);`);
  test('exit_group ends Node at once, with the low 8 bits', async () => {
    assert.equal(await exit, { status: 7, output: '' });
  });
}
