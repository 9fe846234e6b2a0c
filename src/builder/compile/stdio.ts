import {
  AF,
  AT,
  close,
  dup3,
  type Fd,
  fcntl_dupfd_cloexec,
  fcntl_setfd,
  ioctl_fionbio,
  type Late,
  O,
  openat,
  pipe2,
  SOCK,
  type Step,
  type Stored,
  socketpair,
} from '../../sys/index.js';
import type { StdioEntry } from '../spec/stdio.js';
import { isTerminal } from '../spec/terminal.js';
import { type Section, section } from './section.js';

/** A descriptor of the process that is a stream of its parent. */
export interface Pipe {
  /** The descriptor in the process. */
  readonly target: number;
  /** What the parent does with its end. */
  readonly parent: 'writes' | 'reads' | 'both';
  readonly parentEnd: Stored;
}

/** How the descriptors of the process are made. */
export interface StdioPlan {
  readonly pipes: readonly Pipe[];
  /** In the parent, before there is a child: the pipes. */
  readonly before: readonly Section[];
  /** In the child, while it still sees the host's files. */
  readonly early: readonly Section[];
  /** In the child: every descriptor in its place. */
  readonly child: readonly Section[];
  /** In the parent: the child's ends are closed. */
  readonly after: readonly Section[];
}

type Source = Fd | Stored | Late<Fd>;

/** What is connected besides what the spec says. */
interface Besides {
  /** A terminal of its own, which the standard three are where the spec says nothing else. */
  readonly terminal?: Stored | undefined;
  /** What has its place after the descriptors of the command, for the launch itself. */
  readonly carried?: readonly Source[] | undefined;
}

/** The descriptors of the process, from 0 on. */
export function planStdio(entries: readonly StdioEntry[], { terminal, carried = [] }: Besides = {}): StdioPlan {
  const shown = `stdio: ${JSON.stringify(entries.map((entry, fd) => (terminal && isTerminal(entry, fd) ? 'tty' : entry)))}`;
  const from = entries.length === 0 ? 'every launch' : shown;
  const before: Step[] = [];
  const early: Step[] = [];
  const after: Step[] = [];
  const pipes: Pipe[] = [];
  let nowhere: Source | undefined;

  const sources = entries.map((entry, target): Source => {
    if (terminal && isTerminal(entry, target)) return terminal;
    if (typeof entry === 'number') return entry;
    if (entry === 'inherit') return target;
    if (entry === 'ignore') {
      if (nowhere === undefined) {
        const opened = openat
          .step(AT.FDCWD, '/dev/null', O.RDWR | O.CLOEXEC, 0)
          .because('reads nothing, swallows everything');
        early.push(opened);
        nowhere = opened.result;
      }
      return nowhere;
    }
    const { step, pipe, childEnd } = openPipe(target);
    before.push(step);
    pipes.push(pipe);
    after.push(close.step(childEnd).because('only the child has this end, so that the other sees its end'));
    return childEnd;
  });

  const toSection = (steps: readonly Step[]) => (steps.length === 0 ? [] : [section(from, ...steps)]);
  return {
    pipes,
    before: toSection(before),
    early: toSection(early),
    child: toSection(placeDescriptors([...sources, ...carried], entries.length)),
    after: toSection(after),
  };
}

/** The standard three are pipes, as for a shell's `|`; the others are sockets, which carry both directions. */
function openPipe(target: number): { step: Step; pipe: Pipe; childEnd: Stored } {
  if (target > 2) {
    const step = socketpair
      .step(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0)
      .because(`fd ${target} of the process, in both directions`);
    return { step, pipe: { target, parent: 'both', parentEnd: step.output(3) }, childEnd: step.output(3, 4) };
  }
  const step = pipe2.step(O.CLOEXEC).because(`fd ${target} of the process`);
  const [readEnd, writeEnd] = [step.output(0), step.output(0, 4)];
  return target === 0
    ? { step, pipe: { target, parent: 'writes', parentEnd: writeEnd }, childEnd: readEnd }
    : { step, pipe: { target, parent: 'reads', parentEnd: readEnd }, childEnd: writeEnd };
}

/** A descriptor that Node has used may not block: that is of the open file, and the command would see it. */
function block(target: number): Step {
  return ioctl_fionbio
    .step(target, 0)
    .because(`the command expects fd ${target} to block, and Node may have changed that`);
}

/**
 * Steps that bring each source to its place. A source that may be in the place of another one is first copied out of the
 * way: a number that is a place, or, if there are places above 2, one that is not known yet.
 */
function placeDescriptors(sources: readonly Source[], ofCommand: number): Step[] {
  const count = sources.length;
  const aside: Step[] = [];
  const place: Step[] = [];
  sources.forEach((source, target) => {
    if (source === target) {
      place.push(
        fcntl_setfd.step(target, 0).because(`fd ${target} stays open in the command: Node marks its own to be closed`),
      );
      if (target <= 2) place.push(block(target));
      return;
    }
    let moved = source;
    if (typeof source === 'number' ? source < count : count > 3) {
      const copy = fcntl_dupfd_cloexec.step(source, count).because('out of the way of the others');
      aside.push(copy);
      moved = copy.result;
    }
    const what = target < ofCommand ? `becomes fd ${target} of the command` : 'taken along to init';
    place.push(dup3.step(moved, target, 0).because(what));
    if (typeof source === 'number' && target <= 2) place.push(block(target));
  });
  return [...aside, ...place];
}
