import { handshakeValues, namespaces } from '../../ns/index.js';
import { late, openInitDescriptors, SpecError, setns } from '../../sys/index.js';
import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { assemble } from './assemble.js';
import { checkCommand, checkSpec } from './check.js';
import { planExec } from './exec.js';
import { planFiles } from './files/plan-files.js';
import { identityOf } from './ids.js';
import { placeAfterOwn, planInit } from './init.js';
import { closeOthers, planParent, planSession } from './life.js';
import { become, prepare, setUp, type View } from './prepare.js';
import { methodCall, section } from './section.js';
import { planStdio } from './stdio.js';

/** What holds the namespaces of a box has nothing to read, and nothing to say. */
const noStdio = ['ignore', 'ignore', 'ignore'] as const;

/**
 * What is done to open a box: the namespaces of a spec are made, and an init of ours keeps them.
 *
 * @throws SpecError - as {@link compile}; or the spec has no new namespaces.
 */
export function compileBox(spec: ProcessSpec, host: Host): Plan {
  if (spec.unshare.length === 0) {
    throw new SpecError('unshare', 'there are no new namespaces that a box could keep', "add some: .unshare('pid', …)");
  }
  checkSpec(spec, host);
  const files = planFiles(spec, host, identityOf(spec, host));
  const prepared = prepare(spec, host, files, true);
  const init = planInit('hold', spec, noStdio.length, prepared.namespaces);
  const stdio = planStdio(noStdio, init.sources);
  return assemble(spec, {
    prepared,
    files,
    stdio,
    child: [
      ...stdio.early,
      ...setUp(prepared, files),
      ...planSession(spec),
      ...stdio.child,
      closeOthers(noStdio.length + init.sources.length, false),
    ],
    init,
  });
}

/** The name of the value that is a pidfd of the process whose namespaces are joined. */
export const boxValue = 'box';

/**
 * What is done to start a command in a box: init joins its namespaces, and the command becomes what the spec of the box says.
 *
 * @throws SpecError - as {@link compile}.
 */
export function compileInBox(spec: ProcessSpec, command: Command, host: Host): Plan {
  checkSpec(spec, host);
  checkCommand(spec, command);
  // The view is there already, and what the host has of its files now is no matter.
  const view: View = { hasView: spec.unshare.includes('mount'), at: () => undefined };
  const prepared = prepare(spec, host, view, true);
  const entries = stdioEntries(spec.stdio);
  const count = entries.length;
  const descriptors = openInitDescriptors(count);
  const joined = placeAfterOwn(count, 0);
  const parent = placeAfterOwn(count, 1);
  const sources = [
    ...descriptors.sources,
    late(boxValue, '<box>'),
    ...(spec.dieWithParent ? [late(handshakeValues.parentPidfd)] : []),
  ];
  const stdio = planStdio(entries, sources);
  const flags = spec.unshare.reduce((bits, kind) => bits | namespaces[kind].flag, 0);
  const join = setns
    .step(joined, flags)
    .because('all namespaces of the box, by one call: init has nothing in memory that those inside could take');
  return assemble(spec, {
    prepared,
    stdio,
    child: [...stdio.early, ...stdio.child, closeOthers(count + sources.length, false)],
    init: {
      role: 'leave',
      descriptors,
      sources,
      steps: [section(methodCall('open'), join)],
      command: [
        ...prepared.maps.becomeRoot,
        ...become(prepared),
        ...planSession(spec),
        ...planParent(spec, parent),
        closeOthers(count, false),
      ],
    },
    command: { command, exec: planExec(spec, command, host) },
  });
}
