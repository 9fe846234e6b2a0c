import { isDevice } from '../../ns/index.js';
import {
  AT,
  dup3,
  type Fd,
  fchownat,
  ioctl_tiocgptpeer,
  ioctl_tiocsctty,
  ioctl_tiocsptlck,
  ioctl_tiocswinsz,
  O,
  type Operand,
  openat,
  openat2,
  RESOLVE,
  SpecError,
  type Step,
  type Stored,
  setsid,
} from '../../sys/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { checkTerminalSize, isTerminal, usualSize } from '../spec/terminal.js';
import { walk } from './files/walk.js';
import { giveBack, giveBackByInit, givenBack, type WayBack } from './give-back.js';
import type { Identity } from './ids.js';
import { methodCall, type Section, section } from './section.js';

/** A terminal for the command: see pty(7). */
export interface TerminalPlan {
  /** The end that becomes the standard descriptors of the command. */
  readonly end: Stored;
  /** Where the terminal is one of the host's: it is opened while the host's files are still seen. */
  readonly beforeFiles: readonly Section[];
  /** Where it is one of the sandbox's own. */
  readonly afterFiles: readonly Section[];
  /** By the process that becomes the command, as the last thing before it does: its standard descriptors are in place. */
  readonly session: readonly Section[];
}

const originOf = (tty: ProcessSpec['tty']): string => (tty === true ? methodCall('tty') : methodCall('tty', tty));

/** `terminals`: the directory with the terminals of the sandbox, where it has its own. */
export function planTerminal(
  spec: ProcessSpec,
  host: Host,
  identity: Identity,
  terminals: Operand<Fd> | undefined,
): TerminalPlan | undefined {
  const { tty } = spec;
  if (tty === undefined) return undefined;
  if (terminals === undefined) checkHost(host);
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  const master =
    terminals === undefined
      ? openat.step(AT.FDCWD, '/dev/ptmx', flags, 0).because('a new terminal, of the host')
      : openat.step(terminals, 'ptmx', flags | O.NOFOLLOW, 0).because('a new terminal, of the sandbox itself');
  const { steps, end } = makeTerminal(spec, identity, master);
  const opened = section(originOf(tty), ...steps, ...giveBack(master.result, givenBack.terminal, given));
  return {
    end,
    beforeFiles: terminals === undefined ? [opened] : [],
    afterFiles: terminals === undefined ? [] : [opened],
    session: terminalSession(spec),
  };
}

/** Steps of the process that becomes the command: its standard descriptors are its terminal already. */
export function terminalSession({ tty }: ProcessSpec): Section[] {
  const own = setsid.step().because('a session of its own, which its terminal can belong to');
  const control = ioctl_tiocsctty.step(0, 0).because('the terminal of this session: Ctrl-C reaches who is in front');
  return [section(originOf(tty), own, control)];
}

/** Of the host or of the sandbox: `/dev/ptmx` is the same device everywhere. */
const ptmx = { major: 5, minor: 2 } as const;

const given = 'the caller reads what is printed, and types';

/**
 * A terminal of namespaces that init has joined: by the path of the directory with their terminals, which whoever rules in there may
 * have changed, so that what is opened has to be the device. It takes its places among the standard three.
 */
export function terminalByInit(spec: ProcessSpec, identity: Identity, directory: string, way: WayBack): Section {
  const resolve = RESOLVE.NO_MAGICLINKS | RESOLVE.NO_SYMLINKS;
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  const master = openat2
    .step(AT.FDCWD, `${directory}/ptmx`, { flags, resolve })
    .because('a new terminal, of the box itself');
  const { steps, end } = makeTerminal(spec, identity, master);
  const fds = [...stdioEntries(spec.stdio).entries()].filter(([fd, entry]) => isTerminal(entry, fd));
  const placed = fds.map(([fd]) => dup3.step(end, fd, 0).because(`becomes fd ${fd} of the command`));
  return section(originOf(spec.tty), ...steps, ...giveBackByInit(master.result, way, given), ...placed);
}

/** Makes a terminal, once its one end is open: the other, of a size, and of who runs the command. */
function makeTerminal({ tty }: ProcessSpec, { uid, gid }: Identity, master: Step) {
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  const peer = ioctl_tiocgptpeer
    .step(master.result, flags)
    .because('the end for the command, which is found by no path');
  const owner =
    uid === undefined && gid === undefined
      ? []
      : [
          fchownat
            .step(peer.result, '', uid ?? -1, gid ?? -1, AT.EMPTY_PATH)
            .because('it belongs to who runs the command'),
        ];
  const steps: Step[] = [
    master,
    ...isDevice(master.result, 'ptmx', ptmx),
    ioctl_tiocsptlck.step(master.result, 0).because('its other end can be opened'),
    peer,
    ioctl_tiocswinsz.step(peer.result, tty === true || tty === undefined ? usualSize : tty).because('how large it is'),
    ...owner,
  ];
  return { steps, end: peer.result };
}

function checkHost({ files }: Host): void {
  const walked = walk(files.at, '/dev/ptmx', { followLast: true });
  if (typeof walked === 'object' && walked.file?.type === 'character') return;
  throw new SpecError(
    'tty',
    'the host has no /dev/ptmx, by which a terminal is made',
    'give the sandbox terminals of its own: .dev()',
  );
}

/** Refuses what cannot be together with a terminal of its own: errors may go elsewhere, and nothing else. */
export function checkTerminal({ tty, stdio }: ProcessSpec): void {
  if (tty === undefined) return;
  if (tty !== true) checkTerminalSize('tty', tty);
  const other = stdioEntries(stdio)
    .slice(0, 2)
    .find((entry) => entry !== 'inherit');
  if (other === undefined) return;
  throw new SpecError(
    'tty',
    `descriptors 0 and 1 of the command are its terminal, and stdio makes one of them ${JSON.stringify(other)}`,
    "leave them at 'inherit', or do without the terminal: tty: false",
  );
}
