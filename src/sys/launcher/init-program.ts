import type { Fd } from '../brands.js';
import { execveat } from '../calls/exec.js';
import { close, memfd_create, pipe2, read, write } from '../calls/file.js';
import { ioctl_fionbio } from '../calls/ioctl.js';
import { AT, MFD, O } from '../constants/file.js';
import { Late, late, type Stored } from '../operand.js';
import type { Step } from '../step.js';

/** What init does when it has made its steps: see launcher.h. */
export type InitRole = 'serve' | 'hold' | 'leave';

/** The part of a launch that is carried out by init, a small program of ours that the child becomes. */
export interface InitParts {
  readonly role: InitRole;
  readonly descriptors: InitDescriptors;
  /** The steps of init itself, before it clones the command. */
  readonly steps: readonly Step[];
  /** Steps of the command's own process. */
  readonly command?: readonly Step[];
}

/** The name of the value that is a descriptor of the program that init is. */
export const initProgramValue = 'init';

/** Stands for the steps of init, laid out: known when they are. */
export const laidInitSteps = new Late<Uint8Array>([], '…, <bytes>', () => new Uint8Array());

/** What the first child takes along to become init: in its place from `first` on, in this order. */
export interface InitDescriptors {
  readonly first: Fd;
  /** The file with the steps of init. */
  readonly file: Step;
  /** The pipe over which init tells how it went, and how the command ends. */
  readonly line: Step;
  /** What has to be put into place. */
  readonly sources: readonly (Stored | Late<Fd>)[];
}

/** How many descriptors init has, besides those of the command and what its steps use. */
export const ownDescriptors = 3;

/** Steps that open what init needs, for a command with `first` descriptors of its own. */
export function openInitDescriptors(first: Fd): InitDescriptors {
  const file = memfd_create
    .step('isolate-steps', MFD.CLOEXEC)
    .because('the steps that init makes, and what becomes of them');
  const line = pipe2.step(O.CLOEXEC).because('init tells over it how it went, and how the command ends');
  return { first, file, line, sources: [file.result, line.output(0, 4), late(initProgramValue, '<init>')] };
}

/** The steps that a launch with init has besides its own. */
export interface InitFrame {
  readonly before: readonly Step[];
  /** The last step of the first child. */
  readonly become: Step;
  /** In the parent, when the first child has become init. */
  readonly after: readonly Step[];
  /** In the parent, as the last of all: what is not waited for on a thread that others share. */
  readonly atEnd: readonly Step[];
  /** The step of the parent that is told how it went: `toldBytes` if it went well. */
  readonly told: Step;
}

/** Bytes that init sends when its steps are made: the pid of the command as it sees it. */
export const toldBytes = 4;

/**
 * Frames the steps of init. Where a command is born among others, these can stop it at any moment: so the launcher waits for it no
 * longer than a moment, and the program goes on with other launches. See {@link Launching}.
 */
export function frameInit({ role, descriptors: { first, file, line } }: InitParts): InitFrame {
  const told = read
    .step(line.output(0), toldBytes)
    .as(role === 'leave' ? 'wait' : 'call')
    .expecting(toldBytes)
    .because('waits until init has made its steps, and the command has begun');
  const leaveLine = close.step(line.output(0, 4)).because('only init has this end, so that the other sees its end');
  const ioctl = ioctl_fionbio.step(line.output(0), 1).because('what init tells at the end is read without waiting');
  return {
    before: [file, write.step(file.result, laidInitSteps).because('what init is to do'), line],
    become: execveat
      .step(first + 2, '', ['isolate-init', String(first)], [], AT.EMPTY_PATH)
      .because('becomes init, which has nothing of the memory of this program'),
    after: role === 'leave' ? [leaveLine] : [leaveLine, told, ioctl],
    atEnd: role === 'leave' ? [told] : [],
    told,
  };
}
