import { fstatSync } from 'node:fs';
import { handshakeValues, type NamespaceIds } from '../../ns/index.js';
import {
  AT,
  cloneLeftAt,
  close,
  type Fd,
  type LateValues,
  type Launched,
  type Launching,
  type LaunchTurn,
  launch,
  O,
  openat,
  type Pid,
  type Program,
  pidfd_open,
  SIG,
  kill as sendSignal,
} from '../../sys/index.js';
import { givenBack } from '../compile/give-back.js';
import { diagnose } from '../errors/diagnose.js';
import type { StepError } from '../errors/step-error.js';
import type { Plan } from '../plan.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { exitWatch } from './exit-watch.js';
import { Handshake } from './handshake.js';
import { identified } from './identified.js';
import { openIdmapNamespace } from './idmap-namespace.js';
import { KeptDescriptors } from './kept-descriptors.js';
import { killIfPossible } from './kill-if-possible.js';
import { killRest, killTree, reachOf, type Tree } from './kill-tree.js';
import { reap } from './reap.js';
import { untilEnded } from './until-ended.js';

/** A process that has become the command. */
export interface Started {
  readonly pid: Pid;
  readonly pidfd: Fd;
  /** Over which init tells how the command ended, or that it holds on without this program; undefined without an init that stays. */
  readonly line: Fd | undefined;
  /** The parent's ends of the pipes, by the descriptor of the process. */
  readonly pipes: ReadonlyMap<number, Fd>;
  /** The file system with the changes of its snapshots. */
  readonly changes: Fd | undefined;
  /** The namespaces of the command, where the plan finds them out. */
  readonly namespaces: NamespaceIds | undefined;
  /** The end of its terminal by which that is read and written. */
  readonly master: Fd | undefined;
}

/**
 * Carries out a plan.
 *
 * @param others - values that its steps have names for, besides those that every launch brings.
 * @param turn - what it has to do with other launches, for which it may have to wait.
 * @throws StepError - a step failed. The reason of `signal` - it was aborted. Nothing is left of the process in either case.
 */
export async function start(
  plan: Plan,
  spec: ProcessSpec,
  signal: AbortSignal | undefined,
  others: LateValues = {},
  turn: LaunchTurn = {},
): Promise<Started> {
  signal?.throwIfAborted();
  const { program, handshake: steps, pipes, watchesParent, keeps } = plan.parts;
  fillStandardDescriptors();
  // What cannot be had here fails before there is a process.
  exitWatch();
  const ownPidfd = watchesParent ? pidfd_open(process.pid, 0) : undefined;
  let launching: Launching | undefined;
  let handshake: Handshake | undefined;
  const kill = () => killEarly(launching as Launching, signal?.reason);
  let launched: Launched;
  let kept: KeptDescriptors | undefined;
  let changes: Fd | undefined;
  let master: Fd | undefined;
  const idmaps: Record<string, Fd> = {};
  try {
    for (const { namespace, maps } of plan.parts.idmaps) idmaps[namespace] = await openIdmapNamespace(maps);
    kept = new KeptDescriptors(keeps);
    if (steps.length > 0) handshake = new Handshake(steps, () => (launching as Launching).peek(plan.parts.mapped));
    const values = ownPidfd === undefined ? {} : { [handshakeValues.parentPidfd]: ownPidfd };
    signal?.throwIfAborted();
    const late = { ...others, ...values, ...handshake?.values, ...kept.values, ...idmaps };
    launching = launch(program, late, { ...turn, untilEnded });
    signal?.addEventListener('abort', kill, { once: true });
    launched = await launching.done;
    changes = kept.received(givenBack.changes);
    master = kept.received(givenBack.terminal);
  } catch (error) {
    handshake?.end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', kill);
    if (ownPidfd !== undefined) close(ownPidfd);
    kept?.end();
    for (const fd of Object.values(idmaps)) close(fd);
  }

  const failure = diagnose(plan, spec, launched, handshake?.end());
  const { pid, pidfd } = takeProcess(program, launched);
  const opened = program.init === undefined ? -1 : launched.int(program.init.descriptors.line.output(0));
  const line = program.init === undefined || program.init.role === 'leave' ? undefined : opened;
  if (line === undefined && opened >= 0) close(opened);
  const ends = new Map(pipes.map(({ target, parentEnd }) => [target, launched.int(parentEnd)]));
  if (failure === undefined && signal?.aborted !== true) {
    return { pid, pidfd, line, pipes: ends, changes, master, namespaces: identified(plan, launched) };
  }
  for (const fd of [changes, master, line]) if (fd !== undefined && fd >= 0) close(fd);
  // What has become the command before it was aborted may have children.
  const reach = failure === undefined ? reachOf(spec, plan.parts.isPid1 || line !== undefined) : 'process';
  await undo({ pid, pidfd, reach }, [...ends.values()]);
  signal?.throwIfAborted();
  throw failure as StepError;
}

/** The process that became the command, or was to; -1 where there is none. What stands for another is closed. */
function takeProcess(program: Program, launched: Launched): { readonly pid: Pid; readonly pidfd: Fd } {
  const pidfd = launched.int(program.pidfd);
  const firstPidfd = launched.int(program.firstPidfd);
  if (pidfd !== firstPidfd && firstPidfd >= 0) close(firstPidfd);
  const pid = launched.int(program.pid);
  if (pidfd >= 0) return { pid, pidfd };
  // An init that failed, or was killed, has not told which child it made: but the kernel has, in the file of its steps.
  const clone = program.init?.role === 'leave' ? program.init.clone : undefined;
  const made = pid > 0 || clone === undefined ? pid : launched.int(clone.output(0, cloneLeftAt.pid));
  return made > 0 ? { pid: made, pidfd: openOrEnd(made) } : { pid, pidfd };
}

/** A pidfd of a child that nobody has waited for; -1 where no descriptor can be opened: then the child is ended. */
function openOrEnd(child: Pid): Fd {
  try {
    return pidfd_open(child, 0);
  } catch {
    sendSignal(child, SIG.KILL);
    reap('PID', child);
    return -1;
  }
}

/**
 * Where this program has closed one of the standard three, the next descriptor that is opened would take its place, and the
 * command would find it there. Node opens /dev/null in such places when it starts.
 */
function fillStandardDescriptors(): void {
  for (const fd of [0, 1, 2]) {
    try {
      fstatSync(fd);
    } catch {
      openat(AT.FDCWD, '/dev/null', O.RDWR | O.CLOEXEC, 0);
    }
  }
}

/** Kills a child that is not the command yet; if there is none, none is made. */
function killEarly({ cancel }: Launching, reason: unknown): void {
  const pidfd = cancel(reason);
  if (pidfd >= 0) killIfPossible(pidfd);
}

/** Ends what a launch left that did not work, or is not wanted any more. */
async function undo(tree: Tree, ends: readonly Fd[]): Promise<void> {
  for (const end of ends) if (end >= 0) close(end);
  const { pidfd } = tree;
  if (pidfd < 0) return;
  killTree(tree);
  exitWatch().hold();
  await new Promise((resolve) => exitWatch().add(pidfd, resolve, () => killRest(tree)));
  exitWatch().release();
  close(pidfd);
}
