import { handshakeValues } from '../../ns/index.js';
import {
  close_range,
  type Fd,
  Late,
  mirrorValue,
  POLL,
  type PollFd,
  PR,
  ppoll,
  prctl,
  rt_sigaction,
  SIG,
  setsid,
  umask,
} from '../../sys/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { methodCall, type Section, section } from './section.js';

/** How the process stands to its files, to what it may gain, and to signals: after its credentials are final. */
export function planStance(spec: ProcessSpec, host: Host, workingDirectory: readonly Section[]): Section[] {
  const sections: Section[] = [];
  if (spec.umask !== undefined) {
    sections.push(
      section(
        `.umask(0o${spec.umask.toString(8)})`,
        umask.step(spec.umask).because('which rights new files do not have'),
      ),
    );
  }
  sections.push(...workingDirectory);
  if (spec.noNewPrivs) {
    sections.push(
      section(
        methodCall('noNewPrivs'),
        prctl.step(PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0).because('no set-user-ID program gives it more than it has'),
      ),
    );
  }
  const defaults = host.ignoredSignals.map((signal) =>
    rt_sigaction.step(signal, 'SIG_DFL').because('Node ignores it, and what is ignored stays so in the command'),
  );
  if (defaults.length > 0) sections.push(section('every launch', ...defaults));
  return sections;
}

/** How the process stands to the terminal of its caller. With one of its own it leaves that of the caller, too. */
export function planSession({ newSession, tty }: ProcessSpec): Section[] {
  if (!newSession && tty === undefined) return [];
  return [
    section(
      methodCall(newSession ? 'newSession' : 'tty'),
      setsid.step().because('it cannot type into the terminal of the caller'),
    ),
  ];
}

/**
 * How the process stands to its parent. After every change of credentials, which would undo it.
 *
 * @param pidfd - of the parent, where it has a number of its own; otherwise that of this program.
 */
export function planParent(spec: ProcessSpec, pidfd?: Fd): Section[] {
  if (!spec.dieWithParent) return [];
  const names = pidfd === undefined ? [handshakeValues.parentPidfd] : [];
  const parent = new Late<PollFd[]>(names, `[{fd=${pidfd ?? '<parent-pidfd>'}, events=POLLIN}], 1`, (fd) => [
    { fd: pidfd ?? (fd as number), events: POLL.IN, revents: 0 },
  ]);
  return [
    section(
      methodCall('dieWithParent'),
      prctl
        .step(PR.SET_PDEATHSIG, SIG.KILL, 0, 0, 0)
        .because('killed when the parent ends; a change of credentials would undo it'),
      ppoll
        .step(parent, { tv_sec: 0, tv_nsec: 0 })
        .expecting(0)
        .because('the parent has not ended before that was set'),
    ),
  ];
}

/** Nothing of the parent's stays open but what the process was given. `isForked`: what a failure is reported through does. */
export function closeOthers(count: number, isForked: boolean): Section {
  const why = 'no other descriptor of the parent reaches the command';
  const last = 0xffff_ffff;
  if (!isForked) return section('every launch', close_range.step(count, last, 0).because(why));
  const below = new Late<number>([mirrorValue], '<mirror - 1>', (fd) => fd - 1);
  const above = new Late<number>([mirrorValue], '<mirror + 1>', (fd) => fd + 1);
  return section(
    'every launch',
    close_range.step(count, below, 0).because(why),
    close_range.step(above, last, 0).because(`${why}: the one between is closed by execve`),
  );
}
