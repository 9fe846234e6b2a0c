import { clone3 } from '../calls/namespace.js';
import { exit_group, pidfd_open, prctl, waitid } from '../calls/process.js';
import { rt_sigprocmask, rt_sigprocmask_from } from '../calls/signal.js';
import { CLONE } from '../constants/namespace.js';
import { PR } from '../constants/prctl.js';
import { SIG, SIG_HOW } from '../constants/signal.js';
import { P, W } from '../constants/wait.js';
import { errno } from '../errno.js';
import type { Stored } from '../operand.js';
import type { Step } from '../step.js';
import { type CloneArgs, cloneLeftAt, unsignedFlags } from '../structs/clone-args.js';
import { frameInit, type InitDescriptors, type InitParts, type InitRole } from './init-program.js';

/**
 * Who makes the call of a step: the program that launches; the process that is made for the launch, as long as it shares the
 * memory of that program; the same process when it has become init; the process that init makes for the command.
 */
export type Where = 'parent' | 'child' | 'init' | 'command';

/** Whether a step is made by init, or by what it has cloned: these are laid out in a file of their own. */
export function isOfInit(where: Where): boolean {
  return where === 'init' || where === 'command';
}

export interface PlacedStep {
  readonly where: Where;
  readonly step: Step;
}

/** What the launcher is to do, besides what every launch needs. */
export interface ProgramParts {
  /** The arguments of clone3: the namespaces that are to be new, and where an fd of the cgroup is given, that. */
  readonly clone?: CloneArgs;
  /** Steps of the parent, before there is a child. */
  readonly before?: readonly Step[];
  /**
   * Steps of the child, before the command. One of them may clone another child in the place of the first: with CLONE_PARENT and
   * CLONE_PARENT_SETTID, since it is this program that has to know it.
   */
  readonly child?: readonly Step[];
  /** Makes the child init, which goes on: the command is then a child of that one. */
  readonly init?: InitParts;
  /** The attempts to become the command, in order, and after them what is to be found out if none worked. */
  readonly exec: readonly Step[];
  /** Steps of the parent, when the child has become the command or is gone; also when the launch failed. */
  readonly after?: readonly Step[];
  /** Whether a step of the child changes the user or group id, or takes a capability that the parent does not have. */
  readonly changesCredentials?: boolean;
}

/** What of a program is carried out by init. */
export interface InitProgram {
  readonly role: InitRole;
  readonly descriptors: InitDescriptors;
  /** The step that clones the command; undefined where there is none. */
  readonly clone: Step | undefined;
  /** The step of the parent that is told how it went. */
  readonly told: Step;
}

/** All steps of a launch in the order of their places in memory, which is that of a launch that works. */
export interface Program {
  readonly steps: readonly PlacedStep[];
  /** The step that starts the child. */
  readonly clone: Step;
  /**
   * The pid of the first child, and a pidfd of it: of the command itself, unless it clones another in its place. Both pidfds are
   * the caller's to close: until the launch has come to its end, their numbers stand for these processes and no others.
   */
  readonly firstPid: Stored;
  readonly firstPidfd: Stored;
  /** The pid of the process that becomes the command, and a pidfd of it. */
  readonly pid: Stored;
  readonly pidfd: Stored;
  /** The first attempt to become the command. */
  readonly exec: Step;
  readonly init: InitProgram | undefined;
  /** Where a child goes on that has cloned another in its place: to its end. */
  readonly makeWay: number;
  /** The first step of the parent after the child. These two count the steps that are not init's. */
  readonly cleanup: number;
}

/** What every child of the launcher shares with its parent until it becomes the command. */
const shared = CLONE.VM | CLONE.VFORK | CLONE.PIDFD | CLONE.PARENT_SETTID;

/**
 * Frames the steps with what every launch needs: signals blocked while the memory is shared, the dumpable flag of the
 * parent kept, the child started, and its end if there is no command to become.
 */
export function program(parts: ProgramParts): Program {
  const block = rt_sigprocmask
    .step(SIG_HOW.SETMASK, 'all')
    .because('no signal handler may run while a child shares this memory');
  const restore = rt_sigprocmask_from.step(SIG_HOW.SETMASK, block.place(2)).because('signals are handled again');
  const hold = prctl
    .step(PR.GET_DUMPABLE, 0, 0, 0, 0)
    .as('hold')
    .because('a change of credentials in the child would clear this flag of the shared memory');
  // 2, which only the kernel sets, cannot be put back.
  const release = prctl
    .step(PR.SET_DUMPABLE, 1, 0, 0, 0)
    .as('release')
    .tolerating(errno.EINVAL)
    .because('the flag is what it was');
  const clone = clone3
    .step({
      ...parts.clone,
      flags: unsignedFlags(parts.clone?.flags) + shared + CLONE.CLEAR_SIGHAND,
      exit_signal: SIG.CHLD,
    })
    .as('clone')
    .because('the child shares this memory until it becomes the command, so that starting it copies nothing');
  const unblock = rt_sigprocmask.step(SIG_HOW.SETMASK, []).because('the command starts with no signal blocked');
  const exit = exit_group.step(127).as('exit').because('there is no command to become');

  const guard = parts.changesCredentials === true;
  const frame = parts.init && frameInit(parts.init);
  // The first step of all: whatever fails after it, the release is made.
  const before = [...(guard ? [hold] : []), block, ...(parts.before ?? []), ...(frame?.before ?? []), clone];
  const second = parts.child?.find(({ op }) => op === 'clone');
  const makeWay = exit_group.step(0).because('the second child is the command');
  const toCommand = [unblock, ...parts.exec, exit];
  const child = [
    ...(parts.child ?? []),
    ...(frame === undefined ? toCommand : [frame.become]),
    ...(second === undefined ? [] : [makeWay]),
  ];
  const hasCommand = parts.init !== undefined && parts.init.role !== 'hold';
  const cloneByInit = hasCommand ? cloneOfInit(parts.init) : undefined;
  const init = cloneByInit === undefined ? (parts.init?.steps ?? []) : [...(parts.init?.steps ?? []), cloneByInit];
  const command = hasCommand ? [...(parts.init?.command ?? []), ...toCommand] : [];

  const first: CommandProcess = {
    pid: clone.output(0, cloneLeftAt.pid),
    pidfd: clone.output(0, cloneLeftAt.pidfd),
    after: [],
  };
  const born = second === undefined ? first : secondChild(first, second);
  const process = parts.init?.role === 'leave' && frame !== undefined ? childOfInit(first, frame.told) : born;
  const after = [
    ...(frame?.after ?? []),
    ...born.after,
    ...(parts.after ?? []),
    restore,
    ...(guard ? [release] : []),
    ...(frame?.atEnd ?? []),
    ...(process === born ? [] : process.after),
  ];
  const placed =
    (where: Where) =>
    (step: Step): PlacedStep => ({ where, step });
  return {
    steps: [
      ...before.map(placed('parent')),
      ...child.map(placed('child')),
      ...init.map(placed('init')),
      ...command.map(placed('command')),
      ...after.map(placed('parent')),
    ],
    clone,
    firstPid: first.pid,
    firstPidfd: first.pidfd,
    pid: process.pid,
    pidfd: process.pidfd,
    exec: parts.exec[0] ?? exit,
    init:
      parts.init === undefined || frame === undefined
        ? undefined
        : { role: parts.init.role, descriptors: parts.init.descriptors, clone: cloneByInit, told: frame.told },
    makeWay: before.length + child.length - 1,
    cleanup: before.length + child.length,
  };
}

/** The step of init that starts the command. One that has joined others is to be a child of this program, which reaps it. */
function cloneOfInit({ role }: InitParts): Step {
  const flags = CLONE.VM + CLONE.VFORK + CLONE.PARENT_SETTID + CLONE.CLEAR_SIGHAND;
  return role === 'leave'
    ? clone3
        .step({ flags: flags + CLONE.PARENT })
        .as('clone')
        .because('the command is born into the namespaces that init has joined, as a child of this program')
    : clone3.step({ flags, exit_signal: SIG.CHLD }).as('clone').because('the command is a child of init');
}

/** Which process becomes the command, and what the parent does to hold it. */
interface CommandProcess {
  readonly pid: Stored;
  readonly pidfd: Stored;
  readonly after: readonly Step[];
}

/** Where the child cloned another in its place (CLONE_PARENT), the first has ended and is waited for. */
function secondChild(first: CommandProcess, second: Step): CommandProcess {
  // Not its result, which a child that is killed in between does not store: this the kernel writes before the second can run.
  const pid = second.output(0, cloneLeftAt.pid);
  const open = pidfd_open.step(pid, 0).because('a handle of the command that no other process can take over');
  const after = [
    waitid.step(P.PIDFD, first.pidfd, W.EXITED).because('the first child has ended: the second is the command'),
    open,
  ];
  return { pid, pidfd: open.result, after };
}

/** Where init has cloned the command as a child of this program, init has ended and is waited for. */
function childOfInit(first: CommandProcess, told: Step): CommandProcess {
  const pid = told.output(1);
  const open = pidfd_open.step(pid, 0).because('a handle of the command that no other process can take over');
  const ended = waitid
    .step(P.PIDFD, first.pidfd, W.EXITED)
    .as('reap')
    .because('init has ended: the command has this program as its parent');
  const after = [ended, open];
  return { pid, pidfd: open.result, after };
}
