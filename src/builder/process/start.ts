import { fstatSync, openSync } from 'node:fs';
import { handshakeValues } from '../../ns/index.js';
import { close, type Fd, type Launched, type Launching, launch, type Pid, pidfd_open } from '../../sys/index.js';
import { givenBack } from '../compile/give-back.js';
import { diagnose } from '../errors/diagnose.js';
import type { StepError } from '../errors/step-error.js';
import type { Plan } from '../plan.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { exitWatch } from './exit-watch.js';
import { Handshake } from './handshake.js';
import { openIdmapNamespace } from './idmap-namespace.js';
import { KeptDescriptors } from './kept-descriptors.js';
import { killIfPossible } from './kill-if-possible.js';

/** A process that has become the command. */
export interface Started {
  readonly pid: Pid;
  readonly pidfd: Fd;
  /** The parent's ends of the pipes, by the descriptor of the process. */
  readonly pipes: ReadonlyMap<number, Fd>;
  /** The file system with the changes of its snapshots. */
  readonly changes: Fd | undefined;
  /** The end of its terminal by which that is read and written. */
  readonly master: Fd | undefined;
}

/**
 * Carries out a plan.
 *
 * @throws StepError - a step failed. AbortError - `signal` was aborted. Nothing is left of the process in either case.
 */
export async function start(plan: Plan, spec: ProcessSpec, signal: AbortSignal | undefined): Promise<Started> {
  signal?.throwIfAborted();
  const { program, handshake: steps, pipes, watchesParent, keeps } = plan.parts;
  fillStandardDescriptors();
  // What cannot be had here fails before there is a process.
  exitWatch();
  const ownPidfd = watchesParent ? pidfd_open(process.pid, 0) : undefined;
  let launching: Launching | undefined;
  let handshake: Handshake | undefined;
  const kill = () => killEarly(launching as Launching, plan);
  let launched: Launched;
  let kept: KeptDescriptors | undefined;
  let changes: Fd | undefined;
  let master: Fd | undefined;
  const idmaps: Record<string, Fd> = {};
  try {
    for (const { namespace, maps } of plan.parts.idmaps) idmaps[namespace] = await openIdmapNamespace(maps);
    kept = new KeptDescriptors(keeps);
    if (steps.length > 0) handshake = new Handshake(steps, () => (launching as Launching).peek(program.firstPid));
    const values = ownPidfd === undefined ? {} : { [handshakeValues.parentPidfd]: ownPidfd };
    launching = launch(program, { ...values, ...handshake?.values, ...kept.values, ...idmaps });
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
  const pidfd = launched.int(program.pidfd);
  const firstPidfd = launched.int(program.firstPidfd);
  if (program.pidfd !== program.firstPidfd && firstPidfd >= 0) close(firstPidfd);
  const ends = new Map(pipes.map(({ target, parentEnd }) => [target, launched.int(parentEnd)]));
  if (failure === undefined && signal?.aborted !== true) {
    return { pid: launched.int(program.pid), pidfd, pipes: ends, changes, master };
  }
  const opened = [changes, master].filter((fd) => fd !== undefined);
  await undo(pidfd, [...ends.values(), ...opened]);
  signal?.throwIfAborted();
  throw failure as StepError;
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
      openSync('/dev/null', 'r+');
    }
  }
}

/** Kills a child that is not the command yet, if there is one. */
function killEarly({ peek }: Launching, plan: Plan): void {
  const pidfd = peek(plan.parts.program.firstPidfd);
  if (pidfd >= 0) killIfPossible(pidfd);
}

/** Ends what a launch left that did not work, or is not wanted any more. */
async function undo(pidfd: Fd, ends: readonly Fd[]): Promise<void> {
  for (const end of ends) if (end >= 0) close(end);
  if (pidfd < 0) return;
  killIfPossible(pidfd);
  exitWatch().hold();
  await new Promise((resolve) => exitWatch().add(pidfd, resolve));
  exitWatch().release();
  close(pidfd);
}
