import { handshakeValues } from '../../ns/index.js';
import { type Fd, type Late, late, openInitDescriptors, type Stored } from '../../sys/index.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { isTerminal } from '../spec/terminal.js';
import { assemble } from './assemble.js';
import { descriptorsOf } from './descriptors.js';
import { planExec } from './exec.js';
import { givenBack, lineOf } from './give-back.js';
import type { GroupPlan } from './group.js';
import type { IdentifyPlan } from './identify.js';
import { type Identity, identityOf } from './ids.js';
import { closeOthers, planParent, planSession } from './life.js';
import { become, type Prepared } from './prepare.js';
import type { Section } from './section.js';
import { planStdio } from './stdio.js';
import { planTerminal, terminalByInit, terminalSession } from './terminal.js';

const nobodyElse: Identity = { uid: undefined, gid: undefined, groups: undefined };

/** Namespaces that are there already, and how a command gets into them. */
export interface Inside {
  readonly prepared: Prepared;
  readonly group: GroupPlan;
  /** What stands for the namespaces: descriptors of the caller, or of steps before. */
  readonly doors: readonly (Fd | Stored | Late<Fd>)[];
  /** The directory with the terminals that are in there; left out, one of the host's is used. */
  readonly terminals?: string | undefined;
  /** Enters them, given where the doors are then. */
  enter(places: readonly Fd[]): Section;
  /** In the parent: opens the doors, and closes them in the end. */
  readonly before?: readonly Section[];
  readonly after?: readonly Section[];
  /** Undefined where nobody asks, or it is known without the plan. */
  readonly identify?: IdentifyPlan | undefined;
}

/**
 * A command that is started in namespaces in which others are already. The child becomes init first: who is in there, and could trace
 * it, finds nothing of this program in its memory. Init enters, and has the command born as a child of this program.
 */
export function assembleInside(spec: ProcessSpec, command: Command, host: Host, inside: Inside): Plan {
  const { prepared, group, doors, enter, terminals, before = [], after = [], identify } = inside;
  const entries = descriptorsOf(spec);
  const count = entries.length;
  const descriptors = openInitDescriptors(count);
  const sources = [...descriptors.sources, ...doors];
  const places = doors.map((_, i) => count + descriptors.sources.length + i);
  const parent = count + (spec.dieWithParent ? sources.push(late(handshakeValues.parentPidfd)) - 1 : 0);
  const take = (source: Late<Fd>): Fd => count + sources.push(source) - 1;
  const { tty, ...others } = spec;
  const hasOwn = tty !== undefined && terminals !== undefined;
  // Who the command is in there nobody out here is: one of the host's keeps its owner.
  const ofHost = planTerminal(hasOwn ? others : spec, host, nobodyElse, undefined);
  const { terminal: name } = givenBack;
  const own = hasOwn
    ? [
        terminalByInit(spec, identityOf(spec, host), terminals, {
          number: take(late(name)),
          line: take(late(lineOf(name))),
        }),
      ]
    : [];
  // What is there until init has made the terminal.
  const early = hasOwn ? entries.map((entry, fd) => (isTerminal(entry, fd) ? 'ignore' : entry)) : entries;
  const stdio = planStdio(early, { terminal: ofHost?.end, carried: sources });
  return assemble(spec, {
    prepared,
    group,
    stdio,
    before,
    after,
    child: [...stdio.early, ...(ofHost?.beforeFiles ?? []), ...stdio.child, closeOthers(count + sources.length, false)],
    init: {
      role: 'leave',
      descriptors,
      sources,
      steps: [enter(places), ...own],
      command: [
        ...prepared.maps.becomeRoot,
        ...become(prepared),
        ...planParent(spec, parent),
        closeOthers(count, false),
        ...(tty === undefined ? planSession(spec) : terminalSession(spec)),
        ...group.rlimits,
      ],
    },
    command: { command, exec: planExec(spec, command, host) },
    identify,
  });
}
