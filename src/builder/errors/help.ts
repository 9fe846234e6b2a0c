import { match, P } from 'ts-pattern';
import { whoMoves } from '../../cgroup/help.js';
import { errno, type Step } from '../../sys/index.js';
import { entersGroup } from '../compile/group-way.js';
import { hasGroup } from '../spec/group-of.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { StepFailureReason } from './step-error.js';

/** What is known of a failure. */
export interface FailureFacts {
  readonly step: Step;
  readonly errno: number;
  readonly reason: StepFailureReason | undefined;
  /** The part of the spec that the step comes from. */
  readonly from: string;
  readonly spec: ProcessSpec;
}

/** What to do about a failure, where that is known. Each rule is proved by a test. */
export function helpFor({ step, errno: number, from, reason, spec }: FailureFacts): string | undefined {
  const call = step.call.name;
  const isProc = call === 'mount' ? step.args[2] === 'proc' : call === 'fsmount' && from.startsWith('.proc(');
  const opensTerminal = call === 'openat' && from.startsWith('.tty(');
  const hasView = spec.root !== undefined || spec.files !== undefined;
  const memory = spec.limits?.memory !== undefined;
  const pids = spec.limits?.pids !== undefined || spec.cgroup !== undefined;
  return match({
    call,
    number,
    isProc,
    opensTerminal,
    entersGroup: entersGroup(step),
    reason,
    hasView,
    pids,
    memory,
    group: hasGroup(spec),
    user: spec.unshare.includes('user'),
  })
    .with(
      { call: P.union('clone3', 'unshare'), number: errno.ENOSPC },
      () =>
        'a limit on namespaces is reached or set to 0: look at /proc/sys/user/max_*_namespaces; in a sandbox with limits there can ' +
        "be no more cgroup and network namespaces: .share('cgroup', 'net')",
    )
    .with(
      { call: 'clone3', number: errno.EAGAIN, pids: true },
      () =>
        'the limit on processes of its control group is reached: it counts those that are there, and the init of a box',
    )
    .with(
      { entersGroup: true, number: errno.ENOSPC },
      () => 'the cpuset of its control group is empty: write to its cpuset.cpus and cpuset.mems first',
    )
    .with(
      { entersGroup: true, number: errno.EBUSY },
      () =>
        'its control group passes controllers on, so processes belong into those below: have one made there, .cgroup({ parent: … })',
    )
    .with(
      { entersGroup: true, number: errno.EOPNOTSUPP },
      () => 'its control group is invalid, as one above has threaded groups (cgroup.type): join another',
    )
    .with({ entersGroup: true, number: errno.EACCES }, () => whoMoves)
    .with(
      { number: errno.ENOMEM, memory: true },
      () => 'possible cause: the limit on memory is too small for the process to begin',
    )
    .with(
      { reason: 'killed', memory: true },
      () => 'possible cause: the OOM killer, as the limit on memory is too small for the process to begin',
    )
    .with(
      { call: 'clone3', number: errno.EPERM, user: true },
      () =>
        'possible cause: this host does not let unprivileged users make user namespaces ' +
        '(sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)',
    )
    .with(
      { number: errno.EPERM, isProc: true },
      () =>
        'possible cause: parts of every visible /proc are covered, as inside many containers, and a fresh one would reveal ' +
        "them: use .proc(false), or .share('pid')",
    )
    .with(
      { call: 'openat', number: errno.EROFS, user: true, group: true },
      () =>
        '/proc/sys is read-only here, as inside many containers, so that nothing would keep the command from its limits',
    )
    .with(
      { opensTerminal: true, number: errno.ENOSPC },
      () => 'no terminal is left: see /proc/sys/kernel/pty/max, and the option max of the mount of /dev/pts',
    )
    .with(
      { number: P.union(errno.ENOSPC, errno.ENFILE, errno.E2BIG), memory: true },
      () => 'possible cause: the limit on memory is too small for the process to begin',
    )
    .with(
      { opensTerminal: true },
      () => 'the /dev/ptmx of the host gives none: let the sandbox have terminals of its own, .dev()',
    )
    .with(
      { call: 'openat', number: errno.EACCES, user: true },
      () =>
        "possible cause: this program has changed its user since it started, and its files below /proc are root's: " +
        'prctl(PR_SET_DUMPABLE, 1) makes them its own again',
    )
    .with(
      { call: 'setns', number: errno.EPERM },
      () =>
        'entering a namespace takes CAP_SYS_ADMIN over it: run as root, or join the user namespace that it belongs to as well, as ' +
        'its owner',
    )
    .with(
      { call: 'execve', number: errno.ENOEXEC },
      () => 'a script needs a first line that names its interpreter: #!/bin/sh',
    )
    .with(
      { reason: 'cwd-not-found', hasView: true },
      () => "it is not there for the command: share it with .roBind() or .bind(), or start elsewhere, .cwd('/')",
    )
    .with(
      { reason: 'command-not-found', hasView: true },
      () => 'the command sees other files than you: what is in a home, /tmp or /run has to be shared with .roBind()',
    )
    .with(
      { call: 'open_tree', number: errno.EINVAL, user: true },
      () =>
        'what is mounted below cannot be left out in a user namespace, where it may hide something: leave out topOnly',
    )
    .with(
      { call: 'mount_setattr', number: errno.EPERM, user: true },
      () =>
        'what a mount of the host has (ro, nosuid, nodev, noexec, how it keeps access times) a user namespace cannot change',
    )
    .with(
      { call: 'openat2', number: errno.ELOOP },
      () =>
        'a symbolic link is on the way, or at the end, that was not there before: nothing is mounted where it leads',
    )
    .with(
      { call: 'futex', number: errno.EAGAIN },
      () => 'what is at the path is not what it has to be: another file, or another device, took its place',
    )
    .with(
      { call: P.union('setresuid', 'setresgid'), number: errno.EINVAL },
      () => 'the id is not mapped in the user namespace',
    )
    .otherwise(() => undefined);
}
