import type { Plan } from '../plan.js';
import type { Host } from '../spec/host.js';
import type { Command, ProcessSpec } from '../spec/process-spec.js';
import { stdioEntries } from '../spec/stdio.js';
import { assemble } from './assemble.js';
import { checkCommand, checkSpec } from './check.js';
import { planExec } from './exec.js';
import { planFiles } from './files/plan-files.js';
import { identityOf } from './ids.js';
import { planInit } from './init.js';
import { closeOthers, planParent, planSession } from './life.js';
import { prepare, setUp } from './prepare.js';
import { planStdio } from './stdio.js';

/** Whether the command runs below an init of ours, and not as the first process of its PID namespace. */
export function hasInit(spec: ProcessSpec): boolean {
  return spec.unshare.includes('pid') && spec.asPid1 !== true;
}

/**
 * Turns a spec and a command into the ordered list of what the kernel will be asked. Pure: it looks at nothing but its
 * arguments, and does nothing.
 *
 * @throws SpecError - what was asked for cannot be, on a host like this.
 */
export function compile(spec: ProcessSpec, command: Command, host: Host): Plan {
  checkSpec(spec, host);
  checkCommand(spec, command);
  const files = planFiles(spec, host, identityOf(spec, host));
  const prepared = prepare(spec, host, files, hasInit(spec));
  const entries = stdioEntries(spec.stdio);
  const init = hasInit(spec) ? planInit('serve', spec, entries.length, prepared.namespaces) : undefined;
  const stdio = planStdio(entries, init?.sources);
  const exec = planExec(spec, command, host);
  return assemble(spec, {
    prepared,
    files,
    stdio,
    child: [
      ...stdio.early,
      ...setUp(prepared, files),
      ...planSession(spec),
      ...(init === undefined ? planParent(spec) : []),
      // After everything that uses a descriptor of the launch itself: those of the command may take its place.
      ...stdio.child,
      closeOthers(entries.length + (init?.sources.length ?? 0), prepared.namespaces.isForked),
    ],
    init: init && { ...init, command: [...planSession(spec), closeOthers(entries.length, false)] },
    command: { command, exec },
  });
}
