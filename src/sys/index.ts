/** Linux system calls, one typed function for each, over nothing but the kernel: `linux-isolate/sys`. */

export {
  type AnyArg,
  type Arg,
  array,
  byteString,
  bytes,
  constant,
  counted,
  dirfd,
  environment,
  flags,
  inOut,
  input,
  int,
  intAt,
  integer,
  mode,
  named,
  oneOf,
  out,
  outBytes,
  outFds,
  outInt,
  outStruct,
  outUint,
  pointer,
  sized,
  string,
  strings,
  word,
} from './args.js';
export type { Block } from './block.js';
export type { Errno, Fd, Gid, Pid, Uid } from './brands.js';
export { prototype, type Scope, type SyscallInfo } from './call-info.js';
export { capget, capset } from './calls/capability.js';
export { getegid, geteuid, getgid, getresgid, getresuid, getuid, setresgid, setresuid } from './calls/credentials.js';
export { epoll_create1, epoll_ctl, epoll_pwait } from './calls/epoll.js';
export { eventfd2 } from './calls/eventfd.js';
export { execve, execveat, exit_group } from './calls/exec.js';
export {
  fcntl_add_seals,
  fcntl_dupfd_cloexec,
  fcntl_get_seals,
  fcntl_getfd,
  fcntl_getfl,
  fcntl_setfd,
  fcntl_setfl,
} from './calls/fcntl.js';
export { close, close_range, dup3, lseek, memfd_create, openat, openat2, pipe2, read, write } from './calls/file.js';
export { utimensat } from './calls/file-times.js';
export { futex_cmp_requeue } from './calls/futex.js';
export { getgroups, setgroups } from './calls/groups.js';
export { setdomainname, sethostname } from './calls/identity.js';
export {
  type InterfaceFlags,
  ioctl_fionbio,
  ioctl_ns_get_nstype,
  ioctl_ns_get_owner_uid,
  ioctl_ns_get_parent,
  ioctl_ns_get_userns,
  ioctl_siocgifflags,
  ioctl_siocsifflags,
} from './calls/ioctl.js';
export { keyctl } from './calls/key.js';
export { flock } from './calls/lock.js';
export { mount, pivot_root, umount2 } from './calls/mount.js';
export {
  fsconfig_cmd_create,
  fsconfig_cmd_reconfigure,
  fsconfig_set_fd,
  fsconfig_set_flag,
  fsconfig_set_string,
  fsmount,
  fsopen,
  fspick,
  mount_setattr,
  move_mount,
  open_tree,
} from './calls/mount-fd.js';
export { clone3, setns, unshare } from './calls/namespace.js';
export { faccessat, fchmod, fchown, fchownat, makedev, mkdirat, mknodat, symlinkat, unlinkat } from './calls/path.js';
export { pidfd_getfd, pidfd_open, pidfd_send_signal, pidfd_send_signal_info } from './calls/pidfd.js';
export { prctl } from './calls/prctl.js';
export { getpgid, getpid, getppid, getsid, gettid, kill, setsid } from './calls/process.js';
export { prlimit64, sched_setaffinity } from './calls/resource.js';
export { type Disposition, rt_sigaction, rt_sigprocmask, rt_sigprocmask_from } from './calls/signal.js';
export { bind, connect, listen, recvmsg, sendmsg, shutdown, socket, socketpair } from './calls/socket.js';
export { readlinkat, statx } from './calls/stat.js';
export {
  ioctl_tcgets,
  ioctl_tcsets,
  ioctl_tiocgpgrp,
  ioctl_tiocgptn,
  ioctl_tiocgptpeer,
  ioctl_tiocgwinsz,
  ioctl_tiocnotty,
  ioctl_tiocsctty,
  ioctl_tiocspgrp,
  ioctl_tiocsptlck,
  ioctl_tiocswinsz,
} from './calls/terminal.js';
export { ppoll, type Waited, waitid } from './calls/wait.js';
export { chdir, chroot, fchdir, umask } from './calls/working-directory.js';
export { lgetxattr, llistxattr, lremovexattr, lsetxattr } from './calls/xattr.js';
export { CAP } from './constants/capability.js';
export { F, F_SEAL, FD } from './constants/fcntl.js';
export { ACCESS, AT, CLOSE_RANGE, MFD, O, openFlagsOf, RESOLVE, S_IF, SEEK, STATX } from './constants/file.js';
export { FUTEX } from './constants/futex.js';
export { FIO, NS_GET, SIOC, TC, TIOC } from './constants/ioctl.js';
export { KEY_SPEC, KEYCTL } from './constants/key.js';
export { LOCK } from './constants/lock.js';
export {
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  FSPICK,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  OPEN_TREE,
  UMOUNT,
} from './constants/mount.js';
export { CLONE } from './constants/namespace.js';
export { PIDFD } from './constants/pidfd.js';
export { EPOLL, EPOLL_CREATE, EPOLL_CTL, POLL } from './constants/poll.js';
export { PR, PR_CAP_AMBIENT, SECBIT } from './constants/prctl.js';
export { RLIM64_INFINITY, RLIMIT } from './constants/resource.js';
export { SIG, SIG_HOW } from './constants/signal.js';
export { AF, IFF, MSG, NETLINK, SCM, SHUT, SOCK, SOL } from './constants/socket.js';
export { CC, CFLAG, IFLAG, LFLAG, OFLAG } from './constants/termios.js';
export { __W, CLD, P, W } from './constants/wait.js';
export { XATTR } from './constants/xattr.js';
export { type DescriptorWatch, descriptorWatch } from './descriptor-watch.js';
export { watchAlone } from './epoll-socket.js';
export { type ErrnoName, errno, errnoName, errnoText } from './errno.js';
export { IsolateError, SpecError, SyscallError } from './errors.js';
export { type FlagName, type FlagSet, flagNames, flagSet, nameOfValue } from './flags.js';
export { mirrorValue } from './launcher/encode-program.js';
export type { UntilEnded } from './launcher/go-on.js';
export {
  type InitDescriptors,
  type InitParts,
  type InitRole,
  openInitDescriptors,
  ownDescriptors,
} from './launcher/init-program.js';
export { type InitReport, readInitReport } from './launcher/init-report.js';
export {
  type Launched,
  type Launching,
  type LaunchOptions,
  type LaunchTurn,
  launch,
  launchSync,
} from './launcher/launch.js';
export { pidVariable, writePid } from './launcher/pid-in-environment.js';
export {
  type InitProgram,
  type PlacedStep,
  type Program,
  type ProgramParts,
  program,
  type Where,
} from './launcher/program.js';
export { type SyscallName, syscallNumber } from './numbers.js';
export {
  type Deferred,
  Late,
  LateNumber,
  type LateValues,
  late,
  type Operand,
  type StepKey,
  Stored,
} from './operand.js';
export { isEnding, parentOf, startTimeOf } from './process-state.js';
export { renderArguments, renderCall } from './render-call.js';
export { runSteps, type StepFailure } from './run-steps.js';
export { Step, type StepOp } from './step.js';
export {
  byteArray,
  type Field,
  i16,
  i32,
  i64,
  nested,
  type Struct,
  shownAs,
  struct,
  u8,
  u16,
  u32,
  u64,
  u64Big,
} from './struct.js';
export type { CapabilitySets } from './structs/capability.js';
export { type CloneArgs, type CloneLeft, cloneLeftAt } from './structs/clone-args.js';
export type { Message, Received } from './structs/message.js';
export type { MountAttr } from './structs/mount-attr.js';
export type { OpenHow } from './structs/open-how.js';
export type { EpollEvent, PollFd } from './structs/poll.js';
export type { Rlimit, Rusage, Timeval } from './structs/resource.js';
export { netlinkAddress, unixAddress } from './structs/sockaddr.js';
export { type Statx, statxBuffer } from './structs/statx.js';
export type { Termios, WindowSize } from './structs/terminal.js';
export type { Timespec } from './structs/time.js';
export { defineSyscall, nothing, number, type Syscall } from './syscall.js';
export type { Word } from './word.js';
