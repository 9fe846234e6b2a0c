// How calls and flags are shown: as strace(1) writes them, from which most of these lines are.
import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openFlagNames } from '../src/sys/constants/file.js';
import { joined } from '../src/sys/constants/joined.js';
import { contentsOf } from '../src/sys/flags.js';
import * as sys from '../src/sys/index.js';
import { quoted } from '../src/sys/quoted.js';

const { AT, CLONE, MS, O, SIG } = sys;

/** The call as it is shown, with the types of its parameters. */
function shown<P extends readonly unknown[]>(call: sys.Syscall<P, unknown>, ...args: P): string {
  return sys.renderCall(call.info, args);
}

const cases: readonly (readonly [string, string])[] = [
  // files
  [
    shown(sys.openat, AT.FDCWD, '/tmp/x\n"y"', O.RDWR | O.CREAT | O.CLOEXEC | O.NOFOLLOW, 0o644),
    'openat(AT_FDCWD, "/tmp/x\\n\\"y\\"", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0644)',
  ],
  [shown(sys.openat, 3, 'é', O.RDONLY, 0), 'openat(3, "é", O_RDONLY, 000)'],
  [
    shown(sys.openat2, AT.FDCWD, '/etc', { flags: O.PATH | O.CLOEXEC, resolve: sys.RESOLVE.IN_ROOT }),
    'openat2(AT_FDCWD, "/etc", {flags=O_RDONLY|O_CLOEXEC|O_PATH, resolve=RESOLVE_IN_ROOT}, 24)',
  ],
  [
    shown(sys.openat2, AT.FDCWD, 'x', { flags: O.RDWR | O.CREAT, mode: 0o600, resolve: 0 }),
    'openat2(AT_FDCWD, "x", {flags=O_RDWR|O_CREAT, mode=0600, resolve=0}, 24)',
  ],
  [shown(sys.close_range, 3, 0xffff_ffff, sys.CLOSE_RANGE.CLOEXEC), 'close_range(3, 4294967295, CLOSE_RANGE_CLOEXEC)'],
  [shown(sys.read, 0, 10), 'read(0, …, 10)'],
  [shown(sys.write, 1, '0 1000 1\n'), 'write(1, "0 1000 1\\n", 9)'],
  [shown(sys.write, 1, new Uint8Array([0x61, 0x09, 0x01, 0xff, 0x00, 0x31])), 'write(1, "a\\11\\1\\377\\0001", 6)'],
  [shown(sys.lseek, 3, 2 ** 40, sys.SEEK.DATA), 'lseek(3, 1099511627776, SEEK_DATA)'],
  [shown(sys.lseek, 3, -1, sys.SEEK.END), 'lseek(3, -1, SEEK_END)'],
  [shown(sys.lseek, 3, 0, sys.SEEK.SET), 'lseek(3, 0, SEEK_SET)'],
  [shown(sys.dup3, 3, 1, O.CLOEXEC), 'dup3(3, 1, O_CLOEXEC)'],
  [shown(sys.pipe2, O.CLOEXEC | O.NONBLOCK), 'pipe2(…, O_NONBLOCK|O_CLOEXEC)'],
  [shown(sys.mkdirat, AT.FDCWD, '/x', 0o755), 'mkdirat(AT_FDCWD, "/x", 0755)'],
  [
    shown(sys.statx, 3, '', AT.EMPTY_PATH, sys.STATX.TYPE | sys.STATX.INO),
    'statx(3, "", AT_EMPTY_PATH, STATX_TYPE|STATX_INO, …)',
  ],
  [shown(sys.fchownat, 3, 'x', -1, 7, AT.SYMLINK_NOFOLLOW), 'fchownat(3, "x", -1, 7, AT_SYMLINK_NOFOLLOW)'],
  [shown(sys.readlinkat, AT.FDCWD, '/x', 100), 'readlinkat(AT_FDCWD, "/x", …, 100)'],
  [shown(sys.futex_cmp_requeue, 4096, 7), 'futex(0x1000, FUTEX_CMP_REQUEUE_PRIVATE, 0, 0, NULL, 7)'],
  [shown(sys.umask, 0o22), 'umask(022)'],
  [shown(sys.umask, 0), 'umask(000)'],
  [shown(sys.fchmod, 3, 0o4755), 'fchmod(3, 04755)'],
  [shown(sys.fchown, 3, -1, 1000), 'fchown(3, -1, 1000)'],
  [shown(sys.unlinkat, AT.FDCWD, '/x', AT.REMOVEDIR), 'unlinkat(AT_FDCWD, "/x", AT_REMOVEDIR)'],
  [shown(sys.unlinkat, AT.FDCWD, '/x', 0), 'unlinkat(AT_FDCWD, "/x", 0)'],
  [
    shown(sys.mknodat, AT.FDCWD, '/x', sys.S_IF.CHR | 0o666, sys.makedev(1, 3)),
    'mknodat(AT_FDCWD, "/x", S_IFCHR|0666, makedev(0x1, 0x3))',
  ],
  [
    shown(sys.mknodat, AT.FDCWD, '/x', sys.S_IF.BLK | 0o600, sys.makedev(259, 70_000)),
    'mknodat(AT_FDCWD, "/x", S_IFBLK|0600, makedev(0x103, 0x11170))',
  ],
  [shown(sys.faccessat, AT.FDCWD, '/x', sys.ACCESS.R_OK | sys.ACCESS.W_OK), 'faccessat(AT_FDCWD, "/x", R_OK|W_OK)'],
  [shown(sys.faccessat, AT.FDCWD, '/x', sys.ACCESS.F_OK), 'faccessat(AT_FDCWD, "/x", F_OK)'],
  [
    shown(
      sys.utimensat,
      3,
      'x',
      [
        { tv_sec: 1, tv_nsec: 2 },
        { tv_sec: -1, tv_nsec: 999_999_999 },
      ],
      AT.SYMLINK_NOFOLLOW,
    ),
    'utimensat(3, "x", [{tv_sec=1, tv_nsec=2}, {tv_sec=-1, tv_nsec=999999999}], AT_SYMLINK_NOFOLLOW)',
  ],
  [shown(sys.lgetxattr, '/x', 'user.a', 64), 'lgetxattr("/x", "user.a", …, 64)'],
  [shown(sys.lgetxattr, Buffer.of(0x2f, 0xff), 'user.a', 64), 'lgetxattr("/\\377", "user.a", …, 64)'],
  [shown(sys.llistxattr, '/x', 256), 'llistxattr("/x", …, 256)'],
  [
    shown(sys.lsetxattr, '/x', 'user.a', 'b\0', sys.XATTR.CREATE),
    'lsetxattr("/x", "user.a", "b\\u0000", 2, XATTR_CREATE)',
  ],
  [shown(sys.lremovexattr, '/x', 'user.a'), 'lremovexattr("/x", "user.a")'],
  [shown(sys.fcntl_dupfd_cloexec, 3, 10), 'fcntl(3, F_DUPFD_CLOEXEC, 10)'],
  [shown(sys.fcntl_getfd, 3), 'fcntl(3, F_GETFD)'],
  [shown(sys.fcntl_setfd, 3, sys.FD.CLOEXEC), 'fcntl(3, F_SETFD, FD_CLOEXEC)'],
  [shown(sys.fcntl_setfl, 3, O.RDWR | O.NONBLOCK), 'fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK)'],
  [
    shown(sys.fcntl_add_seals, 3, sys.F_SEAL.SEAL | sys.F_SEAL.SHRINK),
    'fcntl(3, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK)',
  ],
  [
    shown(sys.memfd_create, 'x', sys.MFD.CLOEXEC | sys.MFD.ALLOW_SEALING),
    'memfd_create("x", MFD_CLOEXEC|MFD_ALLOW_SEALING)',
  ],

  // processes
  [shown(sys.execve, '/bin/sh', ['sh', '-c', 'a b'], ['A=1']), 'execve("/bin/sh", ["sh", "-c", "a b"], [/* 1 var */])'],
  [shown(sys.execveat, 3, '', ['a'], [], AT.EMPTY_PATH), 'execveat(3, "", ["a"], [/* 0 vars */], AT_EMPTY_PATH)'],
  [shown(sys.getpid), 'getpid()'],
  [shown(sys.kill, 7, SIG.KILL), 'kill(7, SIGKILL)'],
  [shown(sys.kill, -1, 0), 'kill(-1, 0)'],
  [
    shown(sys.waitid, sys.P.PIDFD, 3, sys.W.EXITED | sys.W.NOHANG | sys.__W.ALL),
    'waitid(P_PIDFD, 3, …, WNOHANG|WEXITED|__WALL, …)',
  ],
  [shown(sys.waitid, sys.P.PID, 3, sys.W.EXITED | sys.__W.CLONE), 'waitid(P_PID, 3, …, WEXITED|__WCLONE, …)'],
  [
    shown(sys.ppoll, [{ fd: 0, events: sys.POLL.IN | sys.POLL.PRI }], { tv_sec: 0, tv_nsec: 5 }),
    'ppoll([{fd=0, events=POLLIN|POLLPRI}], 1, {tv_sec=0, tv_nsec=5}, NULL, 8)',
  ],
  [shown(sys.ppoll, [], null), 'ppoll([], 0, NULL, NULL, 8)'],
  [
    shown(sys.prlimit64, 0, sys.RLIMIT.CORE, { rlim_cur: 0n, rlim_max: sys.RLIM64_INFINITY }),
    'prlimit64(0, RLIMIT_CORE, {rlim_cur=0, rlim_max=RLIM64_INFINITY}, …)',
  ],
  [shown(sys.prlimit64, 0, sys.RLIMIT.NOFILE, null), 'prlimit64(0, RLIMIT_NOFILE, NULL, …)'],
  [shown(sys.sched_setaffinity, 0, [0, 1, 64]), 'sched_setaffinity(0, 16, [0 1 64])'],
  [shown(sys.pidfd_send_signal, 3, SIG.TERM), 'pidfd_send_signal(3, SIGTERM, NULL, 0)'],
  [shown(sys.pidfd_open, 1, sys.PIDFD.NONBLOCK), 'pidfd_open(1, PIDFD_NONBLOCK)'],
  [
    shown(sys.rt_sigprocmask, sys.SIG_HOW.BLOCK, [SIG.USR1, SIG.USR2, 32, 34]),
    'rt_sigprocmask(SIG_BLOCK, [USR1 USR2 RTMIN RT_2], …, 8)',
  ],
  [shown(sys.rt_sigprocmask, sys.SIG_HOW.SETMASK, 'all'), 'rt_sigprocmask(SIG_SETMASK, ~[], …, 8)'],
  [shown(sys.rt_sigprocmask, sys.SIG_HOW.UNBLOCK, null), 'rt_sigprocmask(SIG_UNBLOCK, NULL, …, 8)'],
  [shown(sys.rt_sigprocmask_from, sys.SIG_HOW.SETMASK, 0x1000), 'rt_sigprocmask(SIG_SETMASK, 0x1000, NULL, 8)'],
  [
    shown(sys.rt_sigaction, SIG.USR1, 'SIG_IGN'),
    'rt_sigaction(SIGUSR1, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=0}, NULL, 8)',
  ],
  [
    shown(sys.keyctl, sys.KEYCTL.GET_KEYRING_ID, sys.KEY_SPEC.SESSION_KEYRING, 0, 0, 0),
    'keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0)',
  ],

  // users
  [shown(sys.setresuid, -1, 0, 1000), 'setresuid(-1, 0, 1000)'],
  [shown(sys.setgroups, []), 'setgroups(0, [])'],
  [shown(sys.setgroups, [1, 2]), 'setgroups(2, [1, 2])'],
  [shown(sys.capget, 7), 'capget({version=_LINUX_CAPABILITY_VERSION_3, pid=7}, …)'],
  [
    shown(sys.capset, { effective: 3n, permitted: 1n << 40n, inheritable: 1n << 63n }),
    'capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_DAC_OVERRIDE, ' +
      'permitted=1<<CAP_CHECKPOINT_RESTORE, inheritable=0x8000000000000000})',
  ],
  [shown(sys.sethostname, 'box'), 'sethostname("box", 3)'],

  // sockets
  [shown(sys.shutdown, 3, sys.SHUT.RDWR), 'shutdown(3, SHUT_RDWR)'],
  [
    shown(sys.socket, sys.AF.UNIX, sys.SOCK.SEQPACKET | sys.SOCK.NONBLOCK, 0),
    'socket(AF_UNIX, SOCK_SEQPACKET|SOCK_NONBLOCK, 0)',
  ],
  [
    shown(sys.socketpair, sys.AF.UNIX, sys.SOCK.STREAM | sys.SOCK.CLOEXEC, 0),
    'socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, …)',
  ],
  [shown(sys.bind, 3, sys.unixAddress('/x')), 'bind(3, {sa_family=AF_UNIX, sun_path="/x"}, 5)'],
  [shown(sys.listen, 3, 5), 'listen(3, 5)'],
  [shown(sys.connect, 3, sys.unixAddress('/x')), 'connect(3, {sa_family=AF_UNIX, sun_path="/x"}, 5)'],
  [shown(sys.bind, 3, sys.unixAddress('@abs')), 'bind(3, {sa_family=AF_UNIX, sun_path=@"abs"}, 6)'],
  [
    shown(sys.bind, 3, sys.netlinkAddress({ groups: 1 })),
    'bind(3, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=0x000001}, 12)',
  ],
  [
    shown(sys.sendmsg, 3, { data: 'hi', fds: [0, 1], name: sys.unixAddress('/x') }, sys.MSG.NOSIGNAL),
    'sendmsg(3, {msg_name={sa_family=AF_UNIX, sun_path="/x"}, msg_namelen=5, msg_iov=[{iov_base="hi", iov_len=2}], ' +
      'msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[0, 1]}], ' +
      'msg_controllen=24, msg_flags=0}, MSG_NOSIGNAL)',
  ],
  [
    shown(sys.sendmsg, 3, { data: 'hi' }, 0),
    'sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hi", iov_len=2}], msg_iovlen=1, ' +
      'msg_controllen=0, msg_flags=0}, 0)',
  ],

  // ioctl and epoll
  [shown(sys.ioctl_ns_get_nstype, 3), 'ioctl(3, NS_GET_NSTYPE)'],
  [shown(sys.ioctl_ns_get_owner_uid, 3), 'ioctl(3, NS_GET_OWNER_UID, …)'],
  [shown(sys.ioctl_siocgifflags, 3, 'lo'), 'ioctl(3, SIOCGIFFLAGS, {ifr_name="lo"})'],
  [
    shown(sys.ioctl_siocsifflags, 3, { name: 'lo', flags: sys.IFF.UP | sys.IFF.RUNNING }),
    'ioctl(3, SIOCSIFFLAGS, {ifr_name="lo", ifr_flags=IFF_UP|IFF_RUNNING})',
  ],
  [shown(sys.ioctl_fionbio, 3, 1), 'ioctl(3, FIONBIO, [1])'],
  [
    shown(sys.ioctl_tiocswinsz, 3, { rows: 24, columns: 80 }),
    'ioctl(3, TIOCSWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0})',
  ],
  [shown(sys.ioctl_tiocspgrp, 3, 55), 'ioctl(3, TIOCSPGRP, [55])'],
  [shown(sys.ioctl_tiocgptpeer, 3, O.RDWR | O.NOCTTY), 'ioctl(3, TIOCGPTPEER, O_RDWR|O_NOCTTY)'],
  [
    shown(sys.ioctl_tcsets, 3, { c_iflag: sys.IFLAG.ICRNL, c_cflag: sys.CFLAG.CRTSCTS | sys.CFLAG.CS8, c_lflag: 0 }),
    'ioctl(3, TCSETS, {c_iflag=ICRNL, c_cflag=CS8|CRTSCTS, c_lflag=0})',
  ],
  [shown(sys.epoll_create1, sys.EPOLL_CREATE.CLOEXEC), 'epoll_create1(EPOLL_CLOEXEC)'],
  [
    shown(sys.epoll_ctl, 3, sys.EPOLL_CTL.ADD, 0, { events: sys.EPOLL.IN | sys.EPOLL.ET, data: 7 }),
    'epoll_ctl(3, EPOLL_CTL_ADD, 0, {events=EPOLLIN|EPOLLET, data=7})',
  ],
  [shown(sys.epoll_ctl, 3, sys.EPOLL_CTL.DEL, 0, null), 'epoll_ctl(3, EPOLL_CTL_DEL, 0, NULL)'],
  [shown(sys.epoll_pwait, 3, 8, -1), 'epoll_pwait(3, …, 8, -1, NULL, 8)'],

  // mounts
  [
    shown(sys.mount, 'proc', '/proc', 'proc', MS.NOSUID | MS.NODEV | MS.NOEXEC, null),
    'mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)',
  ],
  [shown(sys.umount2, '/x', sys.MNT.DETACH | sys.UMOUNT.NOFOLLOW), 'umount2("/x", MNT_DETACH|UMOUNT_NOFOLLOW)'],
  [shown(sys.pivot_root, '.', '.'), 'pivot_root(".", ".")'],
  [
    shown(sys.open_tree, AT.FDCWD, '/x', sys.OPEN_TREE.CLONE | sys.OPEN_TREE.CLOEXEC | AT.RECURSIVE),
    'open_tree(AT_FDCWD, "/x", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE)',
  ],
  [
    shown(sys.move_mount, 3, '', AT.FDCWD, '/x', sys.MOVE_MOUNT.F_EMPTY_PATH),
    'move_mount(3, "", AT_FDCWD, "/x", MOVE_MOUNT_F_EMPTY_PATH)',
  ],
  [shown(sys.fsopen, 'tmpfs', sys.FSOPEN.CLOEXEC), 'fsopen("tmpfs", FSOPEN_CLOEXEC)'],
  [shown(sys.fsconfig_set_flag, 3, 'ro'), 'fsconfig(3, FSCONFIG_SET_FLAG, "ro", NULL, 0)'],
  [shown(sys.fsconfig_set_string, 3, 'size', '1M'), 'fsconfig(3, FSCONFIG_SET_STRING, "size", "1M", 0)'],
  [shown(sys.fsconfig_set_fd, 3, 'fd', 4), 'fsconfig(3, FSCONFIG_SET_FD, "fd", NULL, 4)'],
  [shown(sys.fsconfig_cmd_create, 3), 'fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0)'],
  [
    shown(sys.fsmount, 3, sys.FSMOUNT.CLOEXEC, sys.MOUNT_ATTR.RDONLY | sys.MOUNT_ATTR.NOATIME),
    'fsmount(3, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOATIME)',
  ],
  [shown(sys.fsmount, 3, 0, 0), 'fsmount(3, 0, 0)'],
  [
    shown(sys.mount_setattr, 3, '', AT.EMPTY_PATH, { attr_set: 1, attr_clr: 0x70, propagation: MS.PRIVATE }),
    'mount_setattr(3, "", AT_EMPTY_PATH, ' +
      '{attr_set=MOUNT_ATTR_RDONLY, attr_clr=MOUNT_ATTR__ATIME, propagation=MS_PRIVATE}, 32)',
  ],
  [shown(sys.unshare, CLONE.NEWNS | CLONE.FS | 0x4), 'unshare(CLONE_FS|CLONE_NEWNS|0x4)'],
  [shown(sys.setns, 3, CLONE.NEWNET), 'setns(3, CLONE_NEWNET)'],
];

for (const [actual, expected] of cases) test(expected, () => assert.is(actual, expected));

test('what a later argument of prctl and socket means depends on an earlier one', () => {
  const { CAP, PR, PR_CAP_AMBIENT, SECBIT } = sys;
  const prctl = (...args: [number, number, number]) => shown(sys.prctl, ...args, 0, 0);
  assert.is(prctl(PR.SET_PDEATHSIG, SIG.KILL, 0), 'prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)');
  assert.is(prctl(PR.CAPBSET_DROP, CAP.CHOWN, 0), 'prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0)');
  assert.is(prctl(PR.CAPBSET_READ, CAP.SYS_ADMIN, 0), 'prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0)');
  assert.is(
    prctl(PR.CAP_AMBIENT, PR_CAP_AMBIENT.RAISE, CAP.NET_ADMIN),
    'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0)',
  );
  assert.is(
    prctl(PR.CAP_AMBIENT, PR_CAP_AMBIENT.CLEAR_ALL, 0),
    'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)',
  );
  assert.is(
    prctl(PR.SET_SECUREBITS, SECBIT.NOROOT | SECBIT.NOROOT_LOCKED, 0),
    'prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_NOROOT_LOCKED, 0, 0, 0)',
  );
  assert.is(prctl(PR.SET_NO_NEW_PRIVS, 1, 0), 'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)');
  assert.is(prctl(PR.SET_NAME, 0x7fff_0000, 0), 'prctl(PR_SET_NAME, 0x7fff0000, 0, 0, 0)');
  assert.is(
    shown(sys.socket, sys.AF.NETLINK, sys.SOCK.RAW | sys.SOCK.CLOEXEC, sys.NETLINK.ROUTE),
    'socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)',
  );
});

test('long data is cut where it is shown', () => {
  const text = shown(sys.write, 1, 'x'.repeat(1_000_000));
  assert.ok(text.length < 300);
  assert.match(text, /x{10}"\.\.\., 1000000\)$/);
  assert.is(quoted(Buffer.alloc(300, 'y')), `"${'y'.repeat(256)}"...`);
});

test('prototypes are those of the man pages', () => {
  assert.is(sys.prototype(sys.openat.info), 'openat(int dirfd, const char *pathname, int flags, mode_t mode)');
  assert.is(sys.prototype(sys.getresuid.info), 'getresuid(uid_t *ruid, uid_t *euid, uid_t *suid)');
  assert.is(
    sys.prototype(sys.rt_sigprocmask.info),
    'rt_sigprocmask(int how, const sigset_t *set, sigset_t *oldset, size_t sigsetsize)',
  );
});

const isSyscall = (value: unknown): value is sys.Syscall<readonly unknown[], unknown> =>
  typeof value === 'function' && 'info' in value && 'step' in value;

test('every call that is exported fits the registers, has a man page, and a number on both architectures', () => {
  const calls = Object.entries(sys).filter(([, value]) => isSyscall(value)) as [string, { info: sys.SyscallInfo }][];
  assert.ok(calls.length > 90);
  for (const [name, { info }] of calls) {
    assert.ok(name === info.name || name.startsWith(`${info.name}_`), name);
    assert.ok(info.args.flatMap((arg) => arg.c).length <= 6, name);
    assert.match(info.man, /^\w+\([27]\)$/);
    for (const arch of ['x64', 'arm64']) assert.type(sys.syscallNumber(info.name, arch), 'number');
  }
});

// --- flags

const folder = new URL('../src/sys/constants/', import.meta.url);
const modules = await Promise.all(readdirSync(folder).map((name) => import(new URL(name, folder).href)));
const sets = modules
  .flatMap((module) => Object.entries(module as Record<string, sys.FlagSet>))
  .filter(([, set]) => typeof set === 'object' && Object.getOwnPropertySymbols(set).length === 1);

test('every value of every set is decoded to its own name', () => {
  assert.ok(sets.length > 40);
  for (const [name, set] of sets) {
    for (const [flag, value] of Object.entries(contentsOf(set).values)) {
      assert.is(sys.nameOfValue(set, value), flag, name);
      assert.is(sys.flagNames(set, value), flag, name);
    }
  }
});

test('sets of single bits are decoded whole', () => {
  for (const set of [sys.CLONE, sys.MS, sys.IFF, sys.EPOLL, sys.W, sys.RESOLVE, sys.F_SEAL, sys.SECBIT, sys.LFLAG]) {
    const { values } = contentsOf(set);
    const all = Object.values(values).reduce((sum, value) => sum + value, 0);
    assert.equal(sys.flagNames(set, all).split('|').sort(), Object.keys(values).sort());
  }
});

test('unknown bits are kept, and nothing is 0', () => {
  assert.is(sys.flagNames(MS, MS.RDONLY | (1 << 30)), 'MS_RDONLY|0x40000000');
  assert.is(sys.flagNames(MS, 0), '0');
  assert.is(sys.nameOfValue(SIG, 99), undefined);
});

test('the flags of open are those of the architecture', () => {
  const [x64, arm64] = [sys.openFlagsOf('x64'), sys.openFlagsOf('arm64')];
  assert.is(x64.DIRECTORY, 0o200000);
  assert.is(arm64.DIRECTORY, 0o40000);
  assert.is(x64.DIRECT, arm64.DIRECTORY, 'one would be taken for the other');
  assert.is(x64.TMPFILE, 0o20000000 | x64.DIRECTORY);
  assert.is(arm64.TMPFILE, 0o20000000 | arm64.DIRECTORY);
  assert.is(x64.CLOEXEC, arm64.CLOEXEC);
  assert.equal(O, process.arch === 'arm64' ? arm64 : x64);
  assert.is(openFlagNames(O.WRONLY | O.DIRECTORY | 0x4000_0000), 'O_WRONLY|O_DIRECTORY|0x40000000');
});

test('sets can be joined', () => {
  const both = joined(sys.MNT, sys.UMOUNT);
  assert.is(sys.flagNames(both, 10), 'MNT_DETACH|UMOUNT_NOFOLLOW');
});

test.run();
