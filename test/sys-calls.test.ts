// Real calls to the real kernel, of those that leave this process as it was.
import { spawn } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as sys from '../src/sys/index.js';
import { skipUnless } from './helpers/can.js';

const { AT, O } = sys;
const folder = mkdtempSync(join(tmpdir(), 'isolate-sys-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The error that a call throws; another error, or none, fails the test. */
function errorOf(call: () => unknown): sys.SyscallError {
  try {
    call();
  } catch (error) {
    if (error instanceof sys.SyscallError) return error;
    throw error;
  }
  throw new Error('the call should have failed, and did not');
}

/** The call has to fail with this error. */
function fails(code: sys.ErrnoName, call: () => unknown, message?: string): void {
  assert.is(errorOf(call).code, code, message);
}

/** Opens for a test, and closes after it. */
function withFd<T>(fd: sys.Fd, use: (fd: sys.Fd) => T): T {
  try {
    return use(fd);
  } finally {
    sys.close(fd);
  }
}

const statusOf = (name: string): string | undefined =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1]?.trim();

const may = (capability: number): boolean => ((sys.capget(0).effective >> BigInt(capability)) & 1n) === 1n;

// --- errors and arguments

test('an error has the shape of those of Node, and the call as it was made', () => {
  const error = errorOf(() => sys.openat(AT.FDCWD, `${folder}/nothing`, O.RDONLY | O.CLOEXEC, 0));
  assert.instance(error, sys.IsolateError);
  assert.is(error.name, 'SyscallError');
  assert.is(error.code, 'ENOENT');
  assert.is(error.errno, -sys.errno.ENOENT);
  assert.is(error.syscall, 'openat');
  assert.equal(error.args, [AT.FDCWD, `${folder}/nothing`, O.CLOEXEC, 0]);
  assert.is(
    error.message,
    `openat(AT_FDCWD, "${folder}/nothing", O_RDONLY|O_CLOEXEC, 000) failed: ENOENT (No such file or directory)`,
  );
});

test('what cannot be passed on is refused before anything is done', () => {
  const refused = (call: () => unknown, field: RegExp) =>
    assert.throws(call, (error: unknown) => error instanceof sys.SpecError && field.test(error.message));
  refused(() => sys.openat(AT.FDCWD, 'a\0b', 0, 0), /^openat\(const char \*pathname\): it has a NUL byte inside$/);
  refused(() => sys.execve('/bin/true', ['a', 'b\0'], []), /NUL/);
  refused(() => (sys.openat as (...args: unknown[]) => unknown)(AT.FDCWD, 'a'), /^openat\(int flags\): it is missing/);
  refused(
    () => sys.llistxattr(Buffer.of(0x61, 0, 0x62), 1),
    /^llistxattr\(const char \*path\): it has a NUL byte inside$/,
  );
  refused(() => sys.close(Number.NaN), /^close\(int fd\): it is not a whole number$/);
  refused(() => sys.close(1.5), /whole number/);
  refused(() => (sys.close as (fd: unknown) => void)('1'), /whole number/);
  refused(() => sys.rt_sigprocmask(sys.SIG_HOW.BLOCK, [65]), /from 1 to 64/);
  refused(() => sys.sched_setaffinity(0, [-1]), /a CPU is/);
  refused(() => sys.ioctl_siocgifflags(0, 'a-name-of-16-byt'), /15 bytes at most/);
  refused(() => sys.sendmsg(0, { data: 'x', fds: new Array(254).fill(0) }, 0), /253 descriptors at most/);
  refused(() => sys.epoll_pwait(0, 0, 0), /from 1/);
});

test('what would break Node is refused, and says why', () => {
  const refused = (call: () => unknown) =>
    assert.throws(call, (error: unknown) => (error as sys.IsolateError).code === 'ERR_ISOLATE_REFUSED');
  refused(() => sys.close_range(3, 0xffff_ffff, 0));
  refused(() => sys.close_range(3, 4, sys.CLOSE_RANGE.UNSHARE));
  refused(() => sys.waitid(sys.P.ALL, 0, sys.W.EXITED));
  refused(() => sys.waitid(sys.P.PGID, 0, sys.W.EXITED | sys.W.NOHANG));
  refused(() => sys.rt_sigaction(sys.SIG.CHLD, 'SIG_IGN'));
  refused(() => sys.prctl(sys.PR.SET_SECCOMP, 1, 0, 0, 0));
});

test('arguments that outgrow the usual memory get more', () => {
  const data = Buffer.alloc(1 << 20, 'isolate');
  withFd(sys.memfd_create('large', sys.MFD.CLOEXEC), (fd) => {
    assert.is(sys.write(fd, data), data.length);
    withFd(sys.openat(AT.FDCWD, `/proc/self/fd/${fd}`, O.RDONLY | O.CLOEXEC, 0), (again) => {
      assert.ok(sys.read(again, data.length).equals(data));
    });
  });
  const argv = Array.from({ length: 2_000 }, (_, i) => `argument ${i} ${'x'.repeat(60)}`);
  fails('ENOENT', () => sys.execve(`${folder}/nothing`, argv, []));

  const [here, there] = sys.socketpair(sys.AF.UNIX, sys.SOCK.STREAM | sys.SOCK.CLOEXEC | sys.SOCK.NONBLOCK, 0);
  const sent = sys.sendmsg(here, { data }, 0);
  assert.ok(sent > 1 << 16, 'what was laid into memory was sent');
  assert.ok(sys.recvmsg(there, data.length, 0).data.equals(data.subarray(0, sent)));
  sys.close(here);
  sys.close(there);
  withFd(sys.epoll_create1(sys.EPOLL_CREATE.CLOEXEC), (epoll) => {
    assert.equal(sys.epoll_pwait(epoll, 100_000, 0), []);
  });
});

// --- files

test('openat, write, read, close', () => {
  const path = join(folder, 'file');
  const fd = sys.openat(AT.FDCWD, path, O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC, 0o600);
  assert.is(sys.write(fd, 'with a NUL \0 and é'), 19);
  assert.is(sys.write(fd, new Uint8Array([0xff])), 1);
  sys.close(fd);
  fails('EBADF', () => sys.close(fd));
  fails('EEXIST', () => sys.openat(AT.FDCWD, path, O.WRONLY | O.CREAT | O.EXCL, 0o600));
  fails('ENOTDIR', () => sys.openat(AT.FDCWD, path, O.RDONLY | O.DIRECTORY, 0));

  withFd(sys.openat(AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0), (readable) => {
    assert.is(sys.read(readable, 12).toString('latin1'), 'with a NUL \0');
    assert.is(sys.read(readable, 1_000).toString('latin1'), Buffer.from(' and é').toString('latin1').concat('\xff'));
    assert.is(sys.read(readable, 10).length, 0);
    fails('EBADF', () => sys.write(readable, 'x'));
  });
});

test('O_NOFOLLOW, O_PATH and O_TMPFILE mean here what they mean to the kernel', () => {
  const link = join(folder, 'a-link');
  sys.symlinkat('file', AT.FDCWD, link);
  assert.is(readlinkSync(link), 'file');
  fails('EEXIST', () => sys.symlinkat('x', AT.FDCWD, link));
  fails('ELOOP', () => sys.openat(AT.FDCWD, link, O.RDONLY | O.NOFOLLOW, 0));
  withFd(sys.openat(AT.FDCWD, link, O.PATH | O.NOFOLLOW | O.CLOEXEC, 0), (fd) => {
    fails('EBADF', () => sys.read(fd, 1));
  });
  withFd(sys.openat(AT.FDCWD, folder, O.TMPFILE | O.WRONLY | O.CLOEXEC, 0o600), (fd) => {
    assert.match(readlinkSync(`/proc/self/fd/${fd}`), /\(deleted\)$/);
  });
});

test('openat2 holds a path in a directory', () => {
  writeFileSync(join(folder, 'inside'), 'inside');
  withFd(sys.openat(AT.FDCWD, folder, O.PATH | O.DIRECTORY | O.CLOEXEC, 0), (dir) => {
    const beneath = { flags: O.RDONLY | O.CLOEXEC, resolve: sys.RESOLVE.BENEATH };
    withFd(sys.openat2(dir, 'inside', beneath), (fd) => assert.is(sys.read(fd, 10).toString(), 'inside'));
    fails('EXDEV', () => sys.openat2(dir, '../x', beneath));
    const inRoot = { ...beneath, resolve: sys.RESOLVE.IN_ROOT };
    withFd(sys.openat2(dir, '/../../inside', inRoot), (fd) => assert.is(sys.read(fd, 10).toString(), 'inside'));
    const noLinks = { ...beneath, resolve: sys.RESOLVE.NO_SYMLINKS };
    fails('ELOOP', () => sys.openat2(dir, 'a-link', noLinks));
    const made = sys.openat2(dir, 'made', { flags: O.WRONLY | O.CREAT | O.CLOEXEC, mode: 0o600 });
    sys.close(made);
    assert.is(statSync(join(folder, 'made')).mode & 0o777, 0o600);
    // openat would ignore a mode without O_CREAT.
    fails('EINVAL', () => sys.openat2(dir, 'made', { flags: O.RDONLY, mode: 0o600 }));
  });
});

test('statx tells what a file is, and readlinkat where a link points', () => {
  writeFileSync(join(folder, 'told'), 'twelve bytes');
  const found = sys.statx(AT.FDCWD, join(folder, 'told'), 0, sys.STATX.BASIC_STATS);
  const { ino, mode, mtimeMs } = statSync(join(folder, 'told'));
  assert.equal([found.stx_size, found.stx_ino, found.stx_mode], [12, ino, mode]);
  assert.is(found.stx_mtime.tv_sec, Math.floor(mtimeMs / 1000));
  const device = sys.statx(AT.FDCWD, '/dev/null', 0, sys.STATX.TYPE);
  assert.equal([device.stx_rdev_major, device.stx_rdev_minor], [1, 3]);
  sys.symlinkat('to/somewhere', AT.FDCWD, join(folder, 'told-link'));
  assert.is(sys.readlinkat(AT.FDCWD, join(folder, 'told-link'), 100).toString(), 'to/somewhere');
  assert.is(sys.readlinkat(AT.FDCWD, join(folder, 'told-link'), 4).toString(), 'to/s', 'it is cut');
  fails('EINVAL', () => sys.readlinkat(AT.FDCWD, join(folder, 'told'), 100));
  fails('ENOENT', () => sys.statx(AT.FDCWD, join(folder, 'nothing'), 0, 0));
});

test('futex_cmp_requeue compares a number in memory: in a plan, what an earlier step left', () => {
  const compared = (minor: number) => {
    const asked = sys.statx.step(AT.FDCWD, '/dev/null', 0, sys.STATX.TYPE);
    const place = asked.place(4, sys.statxBuffer.offsets.stx_rdev_minor);
    const plan = sys.program({
      before: [asked, sys.futex_cmp_requeue.step(place, minor)],
      exec: [sys.execve.step('/bin/true', ['true'], [])],
    });
    const launched = sys.launchSync(plan);
    if (launched.failure === undefined) {
      sys.waitid(sys.P.PIDFD, launched.int(plan.pidfd), sys.W.EXITED);
      sys.close(launched.int(plan.pidfd));
    }
    return launched.failure?.errno;
  };
  assert.is(compared(3), undefined);
  assert.is(compared(5), sys.errno.EAGAIN);
  fails('EFAULT', () => sys.futex_cmp_requeue(8, 0));
});

test('mkdirat, unlinkat, and a directory as the start of a path', () => {
  withFd(sys.openat(AT.FDCWD, folder, O.PATH | O.DIRECTORY | O.CLOEXEC, 0), (dir) => {
    sys.mkdirat(dir, 'sub', 0o700);
    assert.is(statSync(join(folder, 'sub')).mode & 0o777, 0o700);
    fails('EEXIST', () => sys.mkdirat(dir, 'sub', 0o700));
    writeFileSync(join(folder, 'sub/file'), '');
    fails('EISDIR', () => sys.unlinkat(dir, 'sub', 0));
    fails('ENOTEMPTY', () => sys.unlinkat(dir, 'sub', AT.REMOVEDIR));
    sys.unlinkat(dir, 'sub/file', 0);
    sys.unlinkat(dir, 'sub', AT.REMOVEDIR);
    fails('ENOENT', () => sys.unlinkat(dir, 'sub', AT.REMOVEDIR));
  });
});

test('mknodat makes a FIFO for everybody, and a device for those who may', () => {
  const fifo = join(folder, 'fifo');
  sys.mknodat(AT.FDCWD, fifo, sys.S_IF.IFO | 0o600, 0);
  assert.ok(statSync(fifo).isFIFO());
  fails('ENXIO', () => sys.openat(AT.FDCWD, fifo, O.WRONLY | O.NONBLOCK | O.CLOEXEC, 0));

  const device = join(folder, 'device');
  const make = () => sys.mknodat(AT.FDCWD, device, sys.S_IF.CHR | 0o600, sys.makedev(259, 70_000));
  if (may(sys.CAP.MKNOD)) {
    make();
    const { rdev } = statSync(device);
    // As the C library takes a number of a device apart, in which the minor one is wider.
    assert.is((rdev >> 8) & 0xfff, 259);
    assert.is((rdev & 0xff) | ((rdev / 2 ** 12) & 0xfff00), 70_000);
  } else {
    fails('EPERM', make);
  }
  assert.is(sys.makedev(1, 3), statSync('/dev/null').rdev);
});

test('fchmod, fchown, fchownat and faccessat', () => {
  const path = join(folder, 'mode');
  withFd(sys.openat(AT.FDCWD, path, O.RDWR | O.CREAT | O.CLOEXEC, 0o600), (fd) => {
    sys.fchmod(fd, 0o4751);
    assert.is(statSync(path).mode & 0o7777, 0o4751);
    sys.fchmod(fd, 0o000);
    sys.fchown(fd, -1, -1);
    sys.fchown(fd, sys.getuid(), sys.getgid());
    fails('ENOENT', () => sys.fchownat(AT.FDCWD, `${folder}/nothing`, -1, -1, 0));
    if (may(sys.CAP.CHOWN)) {
      sys.symlinkat('nowhere', AT.FDCWD, `${folder}/owned`);
      sys.fchownat(AT.FDCWD, `${folder}/owned`, 1234, 5678, AT.SYMLINK_NOFOLLOW);
      const { uid, gid } = lstatSync(`${folder}/owned`);
      assert.equal([uid, gid], [1234, 5678]);
    }
    assert.is(statSync(path).uid, process.getuid?.());
    if (!may(sys.CAP.CHOWN)) fails('EPERM', () => sys.fchown(fd, 0, -1));
  });
  sys.faccessat(AT.FDCWD, path, sys.ACCESS.F_OK);
  // Not even CAP_DAC_OVERRIDE executes what nobody may.
  fails('EACCES', () => sys.faccessat(AT.FDCWD, path, sys.ACCESS.X_OK));
  fails('ENOTDIR', () => sys.faccessat(AT.FDCWD, `${path}/x`, sys.ACCESS.F_OK));
});

test('utimensat sets the times of a file, or of a link itself, to the nanosecond', () => {
  const path = join(folder, 'times');
  const link = join(folder, 'times-link');
  writeFileSync(path, '');
  sys.symlinkat('times', AT.FDCWD, link);
  const timesOf = (file: string) => {
    const { atimeNs, mtimeNs } = lstatSync(file, { bigint: true });
    return [atimeNs, mtimeNs];
  };
  const times = [
    { tv_sec: 1_000_000_000, tv_nsec: 123_456_789 },
    { tv_sec: -1, tv_nsec: 999_999_999 },
  ] as const;
  const before = timesOf(path);
  sys.utimensat(AT.FDCWD, link, times, AT.SYMLINK_NOFOLLOW);
  assert.equal(timesOf(link), [1_000_000_000_123_456_789n, -1n]);
  assert.equal(timesOf(path), before);
  sys.utimensat(AT.FDCWD, Buffer.from(link), times, 0);
  assert.equal(timesOf(path), [1_000_000_000_123_456_789n, -1n]);
  const late = { tv_sec: 0, tv_nsec: 1_000_000_000 };
  fails('EINVAL', () => sys.utimensat(AT.FDCWD, path, [late, late], 0));
  fails('ENOENT', () => sys.utimensat(AT.FDCWD, join(folder, 'nothing'), times, 0));
});

/** Why a file there cannot have attributes of a user: a file system in memory, before Linux 6.6. */
const noAttributes = (() => {
  try {
    sys.lsetxattr(folder, 'user.isolate', '', 0);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

skipUnless(test, noAttributes, 'extended attributes: of any file, and never of what a link points to', () => {
  const path = Buffer.concat([Buffer.from(`${folder}/attributes-`), Buffer.of(0xff)]);
  writeFileSync(path, '');
  assert.equal(
    sys.llistxattr(path, 1 << 16).filter((name) => name.toString().startsWith('user.')),
    [],
  );
  sys.lsetxattr(path, 'user.isolate', 'a\0b', 0);
  sys.lsetxattr(path, 'user.empty', '', sys.XATTR.CREATE);
  const names = sys.llistxattr(path, 1 << 16).map(String);
  assert.ok(names.includes('user.isolate') && names.includes('user.empty'));
  assert.is(sys.lgetxattr(path, 'user.isolate', 64).toString(), 'a\0b');
  assert.is(sys.lgetxattr(path, Buffer.from('user.empty'), 64).length, 0);
  fails('ERANGE', () => sys.lgetxattr(path, 'user.isolate', 2));
  fails('ERANGE', () => sys.llistxattr(path, 2));
  fails('EEXIST', () => sys.lsetxattr(path, 'user.isolate', 'c', sys.XATTR.CREATE));
  fails('ENODATA', () => sys.lsetxattr(path, 'user.other', 'c', sys.XATTR.REPLACE));
  sys.lremovexattr(path, 'user.isolate');
  fails('ENODATA', () => sys.lgetxattr(path, 'user.isolate', 64));
  fails('ENODATA', () => sys.lremovexattr(path, 'user.isolate'));

  const link = join(folder, 'attributes-link');
  symlinkSync(path, link);
  fails('ENODATA', () => sys.lgetxattr(link, 'user.empty', 64));
  fails('EPERM', () => sys.lsetxattr(link, 'user.empty', 'x', 0));
  fails('ENOENT', () => sys.llistxattr(join(folder, 'nothing'), 64));
  if (!may(sys.CAP.SYS_ADMIN)) fails('EPERM', () => sys.lsetxattr(path, 'trusted.isolate', 'x', 0));
});

test('pipe2, dup3, fcntl: descriptors and their flags', () => {
  const [from, to] = sys.pipe2(O.CLOEXEC | O.NONBLOCK);
  assert.is(sys.fcntl_getfd(from), sys.FD.CLOEXEC);
  assert.is(sys.fcntl_getfl(from) & (O.ACCMODE | O.NONBLOCK), O.RDONLY | O.NONBLOCK);
  assert.is(sys.fcntl_getfl(to) & O.ACCMODE, O.WRONLY);
  fails('EAGAIN', () => sys.read(from, 1));

  const copy = sys.fcntl_dupfd_cloexec(to, 200);
  assert.ok(copy >= 200);
  assert.is(sys.fcntl_getfd(copy), sys.FD.CLOEXEC);
  sys.fcntl_setfd(copy, 0);
  assert.is(sys.fcntl_getfd(copy), 0);
  assert.is(sys.dup3(from, copy, O.CLOEXEC), copy);
  fails('EINVAL', () => sys.dup3(from, from, 0));
  sys.write(to, 'through');
  assert.is(sys.read(copy, 10).toString(), 'through');

  sys.fcntl_setfl(from, 0);
  assert.is(sys.fcntl_getfl(copy) & O.NONBLOCK, 0, 'the flags are of the open file');
  sys.ioctl_fionbio(from, 1);
  assert.is(sys.fcntl_getfl(copy) & O.NONBLOCK, O.NONBLOCK);
  for (const fd of [from, to, copy]) sys.close(fd);
  fails('EBADF', () => sys.fcntl_getfd(copy));
});

test('lseek: the position in a file, and where it has data and holes', () => {
  const far = 2 ** 40;
  withFd(sys.memfd_create('sparse', sys.MFD.CLOEXEC), (fd) => {
    assert.is(sys.lseek(fd, far, sys.SEEK.SET), far);
    sys.write(fd, 'data');
    assert.is(sys.lseek(fd, -3, sys.SEEK.CUR), far + 1);
    assert.is(sys.read(fd, 10).toString(), 'ata');
    assert.is(sys.lseek(fd, -4, sys.SEEK.END), far);
    assert.is(sys.lseek(fd, 5, sys.SEEK.DATA), far);
    assert.is(sys.lseek(fd, 5, sys.SEEK.HOLE), 5);
    assert.is(sys.lseek(fd, far, sys.SEEK.HOLE), far + 4);
    fails('ENXIO', () => sys.lseek(fd, far + 4, sys.SEEK.DATA));
    fails('EINVAL', () => sys.lseek(fd, -1, sys.SEEK.SET));
    fails('EINVAL', () => sys.lseek(fd, 0, 99));
  });
  const ends = sys.pipe2(O.CLOEXEC);
  fails('ESPIPE', () => sys.lseek(ends[0], 0, sys.SEEK.CUR));
  for (const fd of ends) sys.close(fd);
});

test('close_range marks descriptors, and closes them', () => {
  const first = sys.openat(AT.FDCWD, '/', O.PATH, 0);
  const [low, high] = [sys.dup3(first, 900, 0), sys.dup3(first, 901, 0)];
  sys.close_range(900, 0xffff_ffff, sys.CLOSE_RANGE.CLOEXEC);
  assert.is(sys.fcntl_getfd(low), sys.FD.CLOEXEC);
  assert.is(sys.fcntl_getfd(high), sys.FD.CLOEXEC);
  assert.is(sys.fcntl_getfd(first), 0);
  sys.close_range(900, 901, 0);
  fails('EBADF', () => sys.fcntl_getfd(low));
  fails('EBADF', () => sys.fcntl_getfd(high));
  fails('EINVAL', () => sys.close_range(5, 4, 0));
  sys.close(first);
});

test('a memfd can be sealed', () => {
  withFd(sys.memfd_create('sealed', sys.MFD.CLOEXEC | sys.MFD.ALLOW_SEALING), (fd) => {
    assert.is(readlinkSync(`/proc/self/fd/${fd}`), '/memfd:sealed (deleted)');
    assert.is(sys.fcntl_get_seals(fd), 0);
    sys.write(fd, 'kept');
    sys.fcntl_add_seals(fd, sys.F_SEAL.WRITE | sys.F_SEAL.GROW);
    fails('EPERM', () => sys.write(fd, 'x'));
    sys.fcntl_add_seals(fd, sys.F_SEAL.SEAL);
    assert.is(sys.fcntl_get_seals(fd), sys.F_SEAL.WRITE | sys.F_SEAL.GROW | sys.F_SEAL.SEAL);
    fails('EPERM', () => sys.fcntl_add_seals(fd, sys.F_SEAL.SHRINK));
  });
});

// --- processes

test('who the process is', () => {
  assert.is(sys.getpid(), process.pid);
  assert.is(sys.getppid(), process.ppid);
  assert.is(sys.gettid(), process.pid, 'this is the main thread');
  const [, , group, session] = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  assert.is(sys.getpgid(0), Number(group));
  assert.is(sys.getsid(0), Number(session));
  fails('ESRCH', () => sys.getsid(0x3fff_ffff));
});

test('who the user is', () => {
  assert.is(sys.getuid(), process.getuid?.());
  assert.is(sys.geteuid(), process.geteuid?.());
  assert.is(sys.getgid(), process.getgid?.());
  assert.is(sys.getegid(), process.getegid?.());
  const uids = statusOf('Uid')?.split('\t').map(Number);
  const { ruid, euid, suid } = sys.getresuid();
  assert.equal([ruid, euid, suid], uids?.slice(0, 3));
  const { rgid, egid, sgid } = sys.getresgid();
  assert.equal([rgid, egid, sgid], statusOf('Gid')?.split('\t').map(Number).slice(0, 3));
  assert.equal(sys.getgroups(), statusOf('Groups')?.split(' ').filter(Boolean).map(Number));
  sys.setresuid(-1, -1, -1);
  sys.setresgid(-1, -1, -1);
  if (!may(sys.CAP.SETUID)) fails('EPERM', () => sys.setresuid(0, 0, 0));
  if (!may(sys.CAP.SETGID)) {
    fails('EPERM', () => sys.setresgid(0, 0, 0));
    fails('EPERM', () => sys.setgroups([]));
  }
});

test('capget gives what /proc says', () => {
  const sets = sys.capget(0);
  const hex = (mask: bigint) => mask.toString(16).padStart(16, '0');
  assert.is(hex(sets.effective), statusOf('CapEff'));
  assert.is(hex(sets.permitted), statusOf('CapPrm'));
  assert.is(hex(sets.inheritable), statusOf('CapInh'));
  assert.equal(sys.capget(process.pid), sets);
  fails('ESRCH', () => sys.capget(0x3fff_ffff));
  // The same again is always allowed; to have in effect what is not permitted never is.
  sys.capset(sets);
  fails('EPERM', () => sys.capset({ effective: 1n, permitted: 0n, inheritable: 0n }));
});

test('prctl reads', () => {
  assert.is(sys.prctl(sys.PR.GET_DUMPABLE, 0, 0, 0, 0), 1);
  assert.is(sys.prctl(sys.PR.GET_NO_NEW_PRIVS, 0, 0, 0, 0), Number(statusOf('NoNewPrivs')));
  const bounding = BigInt(`0x${statusOf('CapBnd')}`);
  const chown = sys.prctl(sys.PR.CAPBSET_READ, sys.CAP.CHOWN, 0, 0, 0);
  assert.is(BigInt(chown), (bounding >> BigInt(sys.CAP.CHOWN)) & 1n);
  fails('EINVAL', () => sys.prctl(sys.PR.CAPBSET_READ, 63, 0, 0, 0));
  fails('EINVAL', () => sys.prctl(sys.PR.SET_NO_NEW_PRIVS, 1, 1n, 0, 0));
});

test('prlimit64 reads, and gives the old limit', () => {
  const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const [soft, hard] = [line?.[1], line?.[2]].map((text) =>
    text === 'unlimited' ? sys.RLIM64_INFINITY : BigInt(text as string),
  );
  const limit = sys.prlimit64(0, sys.RLIMIT.NOFILE, null);
  assert.equal(limit, { rlim_cur: soft, rlim_max: hard });
  assert.equal(sys.prlimit64(0, sys.RLIMIT.NOFILE, limit), limit);
  const over = { rlim_cur: 2n, rlim_max: 1n };
  fails('EINVAL', () => sys.prlimit64(0, sys.RLIMIT.NOFILE, over));
});

/** Starts a shell. As long as this test does not give way to the event loop, Node does not wait for it. */
function shell(script: string): { pid: sys.Pid; gone: Promise<unknown>; stop: () => void } {
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  const gone = new Promise((resolve) => child.on('close', (...how) => resolve(how)));
  return { pid: child.pid as number, gone, stop: () => void child.stdin.end() };
}

test('waitid tells how a child ended, by pid and by pidfd, and leaves it to Node', async () => {
  const { pid, gone } = shell('exit 7');
  const waited = sys.waitid(sys.P.PID, pid, sys.W.EXITED | sys.W.NOWAIT);
  assert.is(waited.pid, pid);
  assert.is(waited.code, sys.CLD.EXITED);
  assert.is(waited.status, 7);
  assert.is(waited.uid, sys.getuid());
  assert.ok(waited.usage.ru_maxrss > 0);
  assert.ok(waited.usage.ru_minflt > 0);
  withFd(sys.pidfd_open(pid, 0), (pidfd) => {
    assert.is(sys.ppoll([{ fd: pidfd, events: sys.POLL.IN }], null), 1);
    const again = sys.waitid(sys.P.PIDFD, pidfd, sys.W.EXITED | sys.W.NOWAIT | sys.W.NOHANG | sys.__W.ALL);
    assert.equal([again.pid, again.status], [pid, 7]);
  });
  assert.equal(await gone, [7, null]);
  fails('ECHILD', () => sys.waitid(sys.P.PID, pid, sys.W.EXITED));
  fails('EINVAL', () => sys.waitid(sys.P.PID, pid, 0));
});

test('a child that runs is not waited for with WNOHANG; a signal by pidfd ends it', async () => {
  const { pid, gone, stop } = shell('read line');
  const pidfd = sys.pidfd_open(pid, 0);
  assert.is(sys.fcntl_getfd(pidfd), sys.FD.CLOEXEC);
  assert.is(sys.waitid(sys.P.PIDFD, pidfd, sys.W.EXITED | sys.W.NOHANG).pid, 0);
  assert.is(sys.ppoll([{ fd: pidfd, events: sys.POLL.IN }], { tv_sec: 0, tv_nsec: 0 }), 0);
  sys.kill(pid, 0);
  sys.pidfd_send_signal(pidfd, sys.SIG.TERM);
  const waited = sys.waitid(sys.P.PIDFD, pidfd, sys.W.EXITED | sys.W.NOWAIT);
  assert.equal([waited.pid, waited.code, waited.status], [pid, sys.CLD.KILLED, sys.SIG.TERM]);
  stop();
  assert.equal(await gone, [null, 'SIGTERM']);
  fails('ESRCH', () => sys.pidfd_send_signal(pidfd, 0));
  sys.close(pidfd);
  fails('ESRCH', () => sys.kill(0x3fff_ffff, 0));
  fails('EINVAL', () => sys.pidfd_open(0, 0));
});

test('eventfd2 makes a counter, and the watch of descriptors tells when it is not 0', async () => {
  const fd = sys.eventfd2(0, O.CLOEXEC | O.NONBLOCK);
  assert.is(sys.fcntl_getfd(fd), sys.FD.CLOEXEC);
  let times = 0;
  const watch = sys.descriptorWatch();
  watch.hold();
  const told = new Promise<void>((resolve) => {
    watch.add(fd, sys.EPOLL.IN, () => {
      times++;
      assert.is(sys.read(fd, 8).readBigUInt64LE(), 7n);
      resolve();
    });
  });
  fails('EEXIST', () => watch.add(fd, sys.EPOLL.IN, () => {}));
  sys.write(fd, Buffer.from([7, 0, 0, 0, 0, 0, 0, 0]));
  await told;
  watch.remove(fd);
  watch.release();
  assert.is(times, 1);
  sys.close(fd);
  fails('EINVAL', () => sys.eventfd2(0, O.APPEND));
});

test('a process is told by its start, and who ends is told', () => {
  assert.match(sys.startTimeOf(process.pid) ?? '', /^\d+$/);
  assert.is(sys.parentOf(process.pid), process.ppid);
  assert.is(sys.isEnding(process.pid), false);
  assert.is(sys.startTimeOf(2 ** 22 + 1), undefined);
  assert.is(sys.isEnding(2 ** 22 + 1), true);
});

test('pidfd_getfd copies a descriptor', () => {
  withFd(sys.pidfd_open(process.pid, 0), (self) => {
    const [from, to] = sys.pipe2(O.CLOEXEC);
    const copy = sys.pidfd_getfd(self, to, 0);
    assert.is.not(copy, to);
    sys.write(copy, 'copy');
    assert.is(sys.read(from, 10).toString(), 'copy');
    for (const fd of [from, to, copy]) sys.close(fd);
    fails('EBADF', () => sys.pidfd_getfd(self, to, 0));
  });
});

test('rt_sigprocmask blocks, tells what was blocked, and unblocks', () => {
  const before = sys.rt_sigprocmask(sys.SIG_HOW.BLOCK, null);
  assert.equal(sys.rt_sigprocmask(sys.SIG_HOW.BLOCK, [sys.SIG.USR1, sys.SIG.USR2, 64]), before);
  assert.is(BigInt(`0x${statusOf('SigBlk')}`) & 0x8000_0000_0000_0a00n, 0x8000_0000_0000_0a00n);
  const blocked = sys.rt_sigprocmask(sys.SIG_HOW.SETMASK, before);
  assert.equal(
    blocked,
    [...new Set([...before, 10, 12, 64])].sort((a, b) => a - b),
  );
  assert.equal(sys.rt_sigprocmask(sys.SIG_HOW.UNBLOCK, []), before);
  fails('EINVAL', () => sys.rt_sigprocmask(3, []));
  fails('EINVAL', () => sys.rt_sigaction(sys.SIG.KILL, 'SIG_IGN'));
});

// --- waiting for descriptors

test('ppoll counts the descriptors that are ready', () => {
  const [from, to] = sys.pipe2(O.CLOEXEC);
  const now = { tv_sec: 0, tv_nsec: 0 };
  const both = [
    { fd: from, events: sys.POLL.IN },
    { fd: to, events: sys.POLL.OUT },
  ];
  assert.is(sys.ppoll(both, now), 1);
  sys.write(to, 'x');
  assert.is(sys.ppoll(both, now), 2);
  assert.is(sys.ppoll([{ fd: -1, events: sys.POLL.IN }], now), 0);
  fails('EINVAL', () => sys.ppoll(both, { tv_sec: -1 }));
  sys.close(from);
  sys.close(to);
});

test('epoll gives back the data of each descriptor that is ready', () => {
  withFd(sys.epoll_create1(sys.EPOLL_CREATE.CLOEXEC), (epoll) => {
    const ends = [...sys.pipe2(O.CLOEXEC), ...sys.pipe2(O.CLOEXEC)] as [number, number, number, number];
    const [firstFrom, firstTo, secondFrom, secondTo] = ends;
    const far = 2 ** 40 + 1;
    sys.epoll_ctl(epoll, sys.EPOLL_CTL.ADD, firstFrom, { events: sys.EPOLL.IN, data: 11 });
    sys.epoll_ctl(epoll, sys.EPOLL_CTL.ADD, secondFrom, { events: sys.EPOLL.IN | sys.EPOLL.ET, data: far });
    assert.equal(sys.epoll_pwait(epoll, 8, 0), []);
    sys.write(firstTo, '1');
    sys.write(secondTo, '2');
    assert.equal(sys.epoll_pwait(epoll, 8, 0), [
      { events: sys.EPOLL.IN, data: 11 },
      { events: sys.EPOLL.IN, data: far },
    ]);
    assert.equal(sys.epoll_pwait(epoll, 8, 0), [{ events: sys.EPOLL.IN, data: 11 }], 'EPOLLET tells it once');
    sys.epoll_ctl(epoll, sys.EPOLL_CTL.MOD, firstFrom, { events: 0, data: 12 });
    assert.equal(sys.epoll_pwait(epoll, 8, 0), []);
    sys.epoll_ctl(epoll, sys.EPOLL_CTL.DEL, firstFrom, null);
    fails('ENOENT', () => sys.epoll_ctl(epoll, sys.EPOLL_CTL.DEL, firstFrom, null));
    for (const fd of ends) sys.close(fd);
  });
});

// --- sockets

test('file descriptors travel over a socket', () => {
  const [here, there] = sys.socketpair(sys.AF.UNIX, sys.SOCK.STREAM | sys.SOCK.CLOEXEC, 0);
  assert.is(sys.fcntl_getfd(here), sys.FD.CLOEXEC);
  const [from, to] = sys.pipe2(O.CLOEXEC);
  assert.is(sys.sendmsg(here, { data: 'two', fds: [from, to] }, sys.MSG.NOSIGNAL), 3);
  const message = sys.recvmsg(there, 100, sys.MSG.CMSG_CLOEXEC);
  assert.is(message.data.toString(), 'two');
  assert.is(message.fds.length, 2);
  assert.is(message.flags & sys.MSG.CTRUNC, 0);
  assert.is(message.name.length, 0);
  const [copyFrom, copyTo] = message.fds as [number, number];
  assert.is.not(copyFrom, from);
  assert.is(sys.fcntl_getfd(copyFrom), sys.FD.CLOEXEC);
  sys.write(copyTo, 'the same pipe');
  assert.is(sys.read(from, 20).toString(), 'the same pipe');

  fails('EAGAIN', () => sys.recvmsg(there, 1, sys.MSG.DONTWAIT));
  fails('EBADF', () => sys.sendmsg(here, { data: 'x', fds: [987_654] }, 0));
  sys.close(here);
  assert.is(sys.recvmsg(there, 1, 0).data.length, 0, 'the end of the stream');
  for (const fd of [there, from, to, copyFrom, copyTo]) sys.close(fd);
});

test('shutdown is seen by the other side, whoever has a copy of the descriptor', () => {
  const [here, there] = sys.socketpair(sys.AF.UNIX, sys.SOCK.STREAM | sys.SOCK.CLOEXEC | sys.SOCK.NONBLOCK, 0);
  const copy = sys.fcntl_dupfd_cloexec(here, 0);
  sys.close(here);
  fails('EAGAIN', () => sys.read(there, 1));
  sys.shutdown(copy, sys.SHUT.WR);
  assert.is(sys.read(there, 1).length, 0, 'the end of the stream');
  sys.write(there, 'x');
  assert.is(sys.read(copy, 1).toString(), 'x', 'the other direction is open');
  sys.shutdown(copy, sys.SHUT.RDWR);
  fails('EPIPE', () => sys.sendmsg(there, { data: 'x' }, sys.MSG.NOSIGNAL));
  fails('ENOTSOCK', () =>
    withFd(sys.openat(AT.FDCWD, '/dev/null', O.RDONLY, 0), (fd) => sys.shutdown(fd, sys.SHUT.RD)),
  );
  for (const fd of [copy, there]) sys.close(fd);
});

test('as many descriptors as the kernel takes at once', () => {
  const [here, there] = sys.socketpair(sys.AF.UNIX, sys.SOCK.DGRAM | sys.SOCK.CLOEXEC, 0);
  const fds = new Array<number>(253).fill(here);
  sys.sendmsg(here, { data: '', fds }, 0);
  const message = sys.recvmsg(there, 0, sys.MSG.CMSG_CLOEXEC);
  assert.is(message.flags & sys.MSG.CTRUNC, 0);
  assert.is(new Set(message.fds).size, 253);
  for (const fd of [...message.fds, here, there]) sys.close(fd);
});

test('bind, the address of the sender, and a message that is longer than asked for', () => {
  const type = sys.SOCK.DGRAM | sys.SOCK.CLOEXEC;
  const receiver = sys.socket(sys.AF.UNIX, type, 0);
  const sender = sys.socket(sys.AF.UNIX, type, 0);
  const path = join(folder, 'socket');
  sys.bind(receiver, sys.unixAddress(path));
  assert.ok(statSync(path).isSocket());
  fails('EADDRINUSE', () => sys.bind(sender, sys.unixAddress(path)));
  const abstract = sys.unixAddress(`@isolate-${process.pid}`);
  sys.bind(sender, abstract);
  sys.sendmsg(sender, { data: 'longer', name: sys.unixAddress(path) }, 0);
  const message = sys.recvmsg(receiver, 4, 0);
  assert.is(message.data.toString(), 'long');
  assert.is(message.flags & sys.MSG.TRUNC, sys.MSG.TRUNC);
  assert.ok(message.name.equals(abstract));
  sys.close(receiver);
  sys.close(sender);
  fails('EINVAL', () => sys.socket(sys.AF.UNIX, 77, 0));
});

test('listen and connect: as many as may wait, and nobody when the socket is gone', () => {
  const type = sys.SOCK.STREAM | sys.SOCK.NONBLOCK | sys.SOCK.CLOEXEC;
  const stream = () => sys.socket(sys.AF.UNIX, type, 0);
  const [listener, first, second] = [stream(), stream(), stream()] as const;
  const path = sys.unixAddress(join(folder, 'listens'));
  fails('EINVAL', () => sys.listen(listener, 0));
  fails('ENOENT', () => sys.connect(first, path));
  sys.bind(listener, path);
  fails('ECONNREFUSED', () => sys.connect(first, path));
  sys.listen(listener, 0);
  fails('EINVAL', () => sys.connect(listener, path));
  sys.connect(first, path);
  fails('EAGAIN', () => sys.connect(second, path));
  sys.close(listener);
  fails('ECONNREFUSED', () => sys.connect(second, path));
  for (const fd of [first, second]) sys.close(fd);
});

test('a netlink socket is bound, and has the address that the kernel chose', () => {
  const { AF, NETLINK, SOCK } = sys;
  withFd(sys.socket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, NETLINK.ROUTE), (fd) => {
    sys.bind(fd, sys.netlinkAddress());
    // RTM_GETLINK of the interface 1, without anything else: 16 bytes of nlmsghdr, 16 of ifinfomsg.
    const request = Buffer.alloc(32);
    request.writeUInt32LE(32, 0);
    request.writeUInt16LE(18, 4);
    request.writeUInt16LE(1, 6);
    request.writeInt32LE(1, 20);
    assert.is(sys.sendmsg(fd, { data: request, name: sys.netlinkAddress() }, 0), 32);
    const answer = sys.recvmsg(fd, 8192, 0);
    assert.is(answer.data.readUInt16LE(4), 16, 'RTM_NEWLINK');
    assert.ok(answer.name.equals(Buffer.from(sys.netlinkAddress())), 'from the kernel');
  });
});

// --- ioctl

test('namespaces tell their type and their owner', () => {
  withFd(sys.openat(AT.FDCWD, '/proc/self/ns/net', O.RDONLY | O.CLOEXEC, 0), (net) => {
    assert.is(sys.ioctl_ns_get_nstype(net), sys.CLONE.NEWNET);
    fails('EINVAL', () => sys.ioctl_ns_get_parent(net));
    fails('EINVAL', () => sys.ioctl_ns_get_owner_uid(net));
    withFd(sys.ioctl_ns_get_userns(net), (user) => {
      assert.is(sys.ioctl_ns_get_nstype(user), sys.CLONE.NEWUSER);
      assert.type(sys.ioctl_ns_get_owner_uid(user), 'number');
      assert.is(sys.fcntl_getfd(user), sys.FD.CLOEXEC);
    });
  });
  withFd(sys.openat(AT.FDCWD, '/proc/self/ns/user', O.RDONLY | O.CLOEXEC, 0), (user) => {
    fails('EPERM', () => sys.ioctl_ns_get_parent(user), 'the parent is out of sight');
  });
  fails('ENOTTY', () => sys.ioctl_ns_get_nstype(0));
});

test('the flags of a network interface', () => {
  withFd(sys.socket(sys.AF.INET, sys.SOCK.DGRAM | sys.SOCK.CLOEXEC, 0), (fd) => {
    const flags = sys.ioctl_siocgifflags(fd, 'lo');
    assert.is(flags & sys.IFF.LOOPBACK, sys.IFF.LOOPBACK);
    const fromSysfs = Number(readFileSync('/sys/class/net/lo/flags', 'utf8'));
    assert.is(flags & sys.IFF.UP, fromSysfs & sys.IFF.UP);
    fails('ENODEV', () => sys.ioctl_siocgifflags(fd, 'isolate-nothing'));
    if (!may(sys.CAP.NET_ADMIN)) {
      fails('EPERM', () => sys.ioctl_siocsifflags(fd, { name: 'lo', flags }));
    }
  });
});

test('a pseudoterminal: number, lock, other end, size, settings', () => {
  const terminal = sys.openat(AT.FDCWD, '/dev/ptmx', O.RDWR | O.NOCTTY | O.CLOEXEC, 0);
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  fails('EIO', () => sys.ioctl_tiocgptpeer(terminal, flags), 'it is locked at first');
  sys.ioctl_tiocsptlck(terminal, 0);
  const peer = sys.ioctl_tiocgptpeer(terminal, flags);
  assert.is(readlinkSync(`/proc/self/fd/${peer}`), `/dev/pts/${sys.ioctl_tiocgptn(terminal)}`);

  sys.ioctl_tiocswinsz(terminal, { rows: 33, columns: 101, xpixel: 5 });
  assert.equal(sys.ioctl_tiocgwinsz(peer), { rows: 33, columns: 101, xpixel: 5, ypixel: 0 });

  const settings = sys.ioctl_tcgets(peer);
  const echoes = sys.LFLAG.ECHO | sys.LFLAG.ICANON | sys.LFLAG.ISIG;
  assert.is(settings.c_lflag & echoes, echoes);
  assert.is(settings.c_cc[sys.CC.INTR], 3, 'Ctrl-C');
  sys.ioctl_tcsets(peer, { ...settings, c_lflag: settings.c_lflag & ~echoes });
  assert.equal(sys.ioctl_tcgets(terminal), { ...settings, c_lflag: settings.c_lflag & ~echoes });
  sys.write(terminal, '\x03');
  assert.is(sys.read(peer, 10).toString(), '\x03', 'Ctrl-C is a byte as any other now');

  assert.is(sys.ioctl_tiocgpgrp(terminal), 0);
  fails('ENOTTY', () => sys.ioctl_tiocspgrp(peer, process.pid));
  fails('ENOTTY', () => sys.ioctl_tiocnotty(peer));
  fails('EBADF', () => sys.ioctl_tcgets(sys.AT.FDCWD));
  sys.close(peer);
  sys.close(terminal);
});

// --- mounts, for those who may not

const forbidden = 'mounts, names and roots are not for everybody';
if (may(sys.CAP.SYS_ADMIN)) {
  console.log(`  skipped: ${forbidden}: this user has CAP_SYS_ADMIN`);
  test.skip(forbidden, () => {});
} else {
  test(forbidden, () => {
    const readOnly = { attr_set: sys.MOUNT_ATTR.RDONLY };
    const calls = [
      () => sys.mount('tmpfs', folder, 'tmpfs', 0, null),
      () => sys.umount2(folder, sys.MNT.DETACH),
      () => sys.pivot_root(folder, folder),
      () => sys.fsopen('tmpfs', sys.FSOPEN.CLOEXEC),
      () => sys.fsmount(0, 0, 0),
      () => sys.fspick(AT.FDCWD, '/', sys.FSPICK.CLOEXEC),
      () => sys.move_mount(AT.FDCWD, '/', AT.FDCWD, folder, 0),
      () => sys.open_tree(AT.FDCWD, folder, sys.OPEN_TREE.CLONE),
      () => sys.mount_setattr(AT.FDCWD, '/', 0, readOnly),
      () => sys.unshare(sys.CLONE.NEWUTS),
      () => sys.sethostname('isolate'),
      () => sys.setdomainname('isolate'),
      () => sys.chroot(folder),
    ];
    assert.equal(
      calls.map((call) => errorOf(call).code),
      calls.map(() => 'EPERM'),
    );
  });
}

test('an fd of a mount needs no privilege', () => {
  withFd(sys.open_tree(AT.FDCWD, folder, sys.OPEN_TREE.CLOEXEC), (fd) => {
    assert.is(readlinkSync(`/proc/self/fd/${fd}`), folder);
  });
  fails('ENOENT', () => sys.open_tree(AT.FDCWD, `${folder}/nothing`, 0));
  fails('EINVAL', () => sys.fsconfig_set_flag(0, 'ro'));
});

test.run();
