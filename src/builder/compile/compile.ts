import { Late, program, type Step, type StepKey } from '../../sys/index.js';
import { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { planCapabilities } from './capabilities.js';
import { checkSpec } from './check.js';
import { planExec } from './exec.js';
import { placeholders } from './files/classic-calls.js';
import { overlayPlaceholders } from './files/overlay.js';
import { planFiles } from './files/plan-files.js';
import { givenBack } from './give-back.js';
import { changeIdentity, identityOf, planMaps } from './ids.js';
import { closeOthers, planLife } from './life.js';
import { planNamespaces } from './namespaces.js';
import type { Section } from './section.js';
import { planStdio } from './stdio.js';
import { planTerminal } from './terminal.js';
import { planWorkingDirectory } from './working-directory.js';

/**
 * Turns a spec and a command into the ordered list of what the kernel will be asked. Pure: it looks at nothing but its
 * arguments, and does nothing.
 *
 * @throws SpecError - what was asked for cannot be, on a host like this.
 */
export function compile(spec: ProcessSpec, command: Command, host: Host): Plan {
  checkSpec(spec, command, host);
  const maps = planMaps(spec, host);
  const namespaces = planNamespaces(spec, host);
  const identity = identityOf(spec, host);
  const capabilities = planCapabilities(spec, host, identity);
  const exec = planExec(spec, command, host);
  const files = planFiles(spec, host, identity);
  const terminal = planTerminal(spec, host, identity, files.terminals);
  const stdio = planStdio(stdioEntries(spec.stdio), terminal?.end);
  const workingDirectory = planWorkingDirectory(spec, host, files);
  const life = planLife(spec, host, workingDirectory.sections);

  const child = [
    ...stdio.early,
    ...maps.child,
    ...namespaces.clocks,
    ...maps.becomeRoot,
    ...(terminal?.beforeFiles ?? []),
    ...files.sections,
    ...(terminal?.afterFiles ?? []),
    ...namespaces.sections,
    ...capabilities.before,
    ...changeIdentity(identity, spec),
    ...capabilities.after,
    ...life,
    // After everything that uses a descriptor of the launch itself: those of the command may take its place.
    ...stdio.child,
    closeOthers(stdioEntries(spec.stdio).length, namespaces.isForked),
    ...(terminal?.session ?? []),
  ];
  const before = [...stdio.before, ...files.idmaps.map((tree) => tree.before)];
  const after = [...stdio.after, ...files.idmaps.map((tree) => tree.after)];
  const stepsOf = (sections: readonly Section[]) => sections.flatMap(({ steps }) => steps);
  const childSteps = stepsOf(child);
  const changesCredentials = childSteps.some(({ call }) => call.name === 'setresuid' || call.name === 'setresgid');
  const assembled = program({
    clone: { flags: namespaces.flags },
    before: stepsOf(before),
    child: childSteps,
    exec: stepsOf(exec.sections),
    after: stepsOf(after),
    changesCredentials,
  });

  const origins = new Map<StepKey, string>([[assembled.clone.key, namespaces.from]]);
  const sections = [...before, ...child, ...exec.sections, ...after, ...(maps.parent ? [maps.parent] : [])];
  for (const { from, steps } of sections) for (const { key } of steps) origins.set(key, from);
  return new Plan({
    program: assembled,
    handshake: maps.parent?.steps ?? [],
    waits: maps.waits,
    pipes: stdio.pipes,
    command,
    attempts: exec.attempts,
    workingDirectory,
    snapshots: files.snapshots,
    idmaps: files.idmaps,
    keeps: keptBy(childSteps),
    watchesParent: spec.dieWithParent === true || maps.parent !== undefined,
    isInit: spec.unshare.includes('pid'),
    origins,
  });
}

/** The descriptors that steps have names for, since they need their numbers. */
function keptBy(steps: readonly Step[]): string[] {
  const names = steps.flatMap(({ args }) => args.flatMap((arg) => (arg instanceof Late ? arg.names : [])));
  const known: readonly string[] = [
    ...Object.values(placeholders),
    ...Object.values(overlayPlaceholders),
    ...Object.values(givenBack),
  ];
  return known.filter((name) => names.includes(name));
}
