// Calls that are made at once, where arm64 is not as x86-64 is: numbers, O_ flags, the layout of structs.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { sys } from '../library.mjs';

const { AF, AT, CLD, EPOLL, EPOLL_CTL, F_SEAL, MFD, O, P, POLL, RESOLVE, RLIMIT, SIG, SIG_HOW, SOCK, W } = sys;
const codeOf = (call) => {
  try {
    call();
  } catch (error) {
    return error.code;
  }
  return 'no error';
};

const folder = mkdtempSync('/tmp/calls-');
writeFileSync(`${folder}/file`, 'text');
mkdirSync(`${folder}/sub`);
symlinkSync('file', `${folder}/link`);
symlinkSync('/etc', `${folder}/out`);

export const checks = {
  'every call of the library has a number': () => {
    const calls = Object.values(sys).filter((value) => typeof value === 'function' && value.info?.name !== undefined);
    for (const { info } of calls) assert.ok(sys.syscallNumber(info.name) >= 0, info.name);
    return `${calls.length} calls`;
  },
  'O_DIRECTORY, O_NOFOLLOW, O_PATH and O_TMPFILE mean what they say': () => {
    const open = (path, flags, mode = 0) => sys.close(sys.openat(AT.FDCWD, path, flags | O.CLOEXEC, mode));
    assert.equal(
      codeOf(() => open(`${folder}/file`, O.RDONLY | O.DIRECTORY)),
      'ENOTDIR',
    );
    assert.equal(
      codeOf(() => open(`${folder}/link`, O.RDONLY | O.NOFOLLOW)),
      'ELOOP',
    );
    open(`${folder}/sub`, O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
    open(`${folder}/link`, O.PATH | O.NOFOLLOW);
    open(folder, O.TMPFILE | O.RDWR, 0o600);
  },
  'openat2 keeps a path inside a root': () => {
    const root = sys.openat(AT.FDCWD, folder, O.PATH | O.DIRECTORY | O.CLOEXEC, 0);
    const open = (path, resolve) =>
      sys.close(sys.openat2(root, path, { flags: O.RDONLY | O.CLOEXEC, mode: 0, resolve }));
    open('/sub/../../../file', RESOLVE.IN_ROOT);
    assert.equal(
      codeOf(() => open('out', RESOLVE.BENEATH)),
      'EXDEV',
    );
    assert.equal(
      codeOf(() => open('out/hosts', RESOLVE.IN_ROOT)),
      'ENOENT',
    );
    sys.close(root);
  },
  'epoll gives back what it was given': () => {
    const [end, other] = sys.pipe2(O.CLOEXEC);
    const epoll = sys.epoll_create1(sys.EPOLL_CREATE.CLOEXEC);
    const data = 2 ** 45 + 7;
    sys.epoll_ctl(epoll, EPOLL_CTL.ADD, end, { events: EPOLL.IN, data });
    sys.epoll_ctl(epoll, EPOLL_CTL.ADD, other, { events: EPOLL.OUT, data: 5 });
    sys.write(other, 'x');
    const ready = sys.epoll_pwait(epoll, 4, 0);
    assert.deepEqual(
      ready.map((event) => event.data).sort((a, b) => a - b),
      [5, data],
    );
    assert.equal(sys.ppoll([{ fd: end, events: POLL.IN, revents: 0 }], { tv_sec: 0, tv_nsec: 0 }), 1);
    for (const fd of [epoll, end, other]) sys.close(fd);
  },
  'a descriptor goes through a socket': () => {
    const [one, two] = sys.socketpair(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
    const sent = sys.openat(AT.FDCWD, `${folder}/file`, O.RDONLY | O.CLOEXEC, 0);
    sys.sendmsg(one, { data: 'file', fds: [sent] }, 0);
    const { data, fds } = sys.recvmsg(two, 16, sys.MSG.CMSG_CLOEXEC);
    assert.equal(data.toString(), 'file');
    assert.equal(sys.read(fds[0], 16).toString(), 'text');
    for (const fd of [one, two, sent, ...fds]) sys.close(fd);
  },
  'a memfd is sealed': () => {
    const fd = sys.memfd_create('check', MFD.CLOEXEC | MFD.ALLOW_SEALING);
    sys.write(fd, 'data');
    sys.fcntl_add_seals(fd, F_SEAL.WRITE | F_SEAL.GROW);
    assert.equal(
      codeOf(() => sys.write(fd, 'more')),
      'EPERM',
    );
    assert.equal(sys.fcntl_get_seals(fd), F_SEAL.WRITE | F_SEAL.GROW);
    sys.close(fd);
  },
  'a terminal has its size and settings': () => {
    const master = sys.openat(AT.FDCWD, '/dev/ptmx', O.RDWR | O.NOCTTY | O.CLOEXEC, 0);
    sys.ioctl_tiocsptlck(master, 0);
    const terminal = sys.ioctl_tiocgptpeer(master, O.RDWR | O.NOCTTY | O.CLOEXEC);
    sys.ioctl_tiocswinsz(master, { rows: 33, columns: 101 });
    const { rows, columns } = sys.ioctl_tiocgwinsz(terminal);
    assert.deepEqual([rows, columns], [33, 101]);
    const settings = sys.ioctl_tcgets(terminal);
    assert.notEqual(settings.c_lflag & sys.LFLAG.ECHO, 0);
    assert.equal(settings.c_cc[sys.CC.INTR], 3);
    sys.ioctl_tcsets(terminal, { ...settings, c_lflag: settings.c_lflag & ~sys.LFLAG.ECHO });
    assert.equal(sys.ioctl_tcgets(terminal).c_lflag & sys.LFLAG.ECHO, 0);
    for (const fd of [terminal, master]) sys.close(fd);
  },
  'signal masks, limits, ids and capabilities are read right': () => {
    sys.rt_sigprocmask(SIG_HOW.BLOCK, [SIG.USR2]);
    assert.ok(sys.rt_sigprocmask(SIG_HOW.UNBLOCK, [SIG.USR2]).includes(SIG.USR2));
    const files = /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    const { rlim_cur, rlim_max } = sys.prlimit64(0, RLIMIT.NOFILE, null);
    assert.deepEqual([rlim_cur, rlim_max], [BigInt(files[1]), BigInt(files[2])]);
    assert.deepEqual(sys.getresuid(), { ruid: 0, euid: 0, suid: 0 });
    const effective = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    assert.equal(sys.capget(0).effective, BigInt(`0x${effective}`));
    assert.equal(sys.getpid(), process.pid);
  },
  'a launch on this thread, and what waitid tells of its end': () => {
    const program = sys.program({ exec: [sys.execve.step('/bin/sh', ['sh', '-c', 'exit 7'], ['PATH=/usr/bin'])] });
    const launched = sys.launchSync(program);
    assert.equal(launched.failure, undefined);
    const pidfd = launched.int(program.pidfd);
    const { pid, uid, code, status, usage } = sys.waitid(P.PIDFD, pidfd, W.EXITED);
    assert.deepEqual(
      { pid, uid, code, status },
      { pid: launched.int(program.pid), uid: 0, code: CLD.EXITED, status: 7 },
    );
    assert.ok(usage.ru_maxrss > 0 && usage.ru_minflt > 0, JSON.stringify(usage));
    sys.close(pidfd);
  },
};
