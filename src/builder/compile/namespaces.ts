import {
  domainname,
  enterClocks,
  enterTimeByClone,
  flagsOf,
  hostname,
  loopbackUp,
  type NamespaceKind,
  openClocks,
  timeOffsets,
} from '../../ns/index.js';
import type { Fd, Step, Stored } from '../../sys/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { methodCall, type Section, section } from './section.js';

/** What the namespaces of a spec come to: flags for the clone, and steps for the child. */
export interface NamespacePlan {
  /** Those that the process is born into; the others it makes itself. */
  readonly kinds: readonly NamespaceKind[];
  readonly from: string;
  /** Before the process changes its user, after which it may not write files of its own below /proc. */
  readonly clocks: readonly Section[];
  readonly sections: readonly Section[];
  /** The command runs in a second child, with its own copy of the memory. */
  readonly isForked: boolean;
  /** A time namespace that init enters, since the kernel does not when it becomes init: where it is open, and the step. */
  readonly clocksOfInit: { readonly opened: Stored; enter(fd: Fd): Step } | undefined;
}

/** The new namespaces, each set up by the process that lives in them. `hasInit`: that process becomes init. */
export function planNamespaces(spec: ProcessSpec, host: Host, hasInit: boolean): NamespacePlan {
  const unshare = methodCall('unshare', ...spec.unshare);
  const isNew = (kind: NamespaceKind) => spec.unshare.includes(kind);
  const isLate = isNew('time') && !host.timeEntersAtExec;
  const byClone = isLate && !hasInit;
  const later: NamespaceKind[] = byClone ? ['time', 'pid'] : ['time'];

  const clocks: Section[] = [];
  if (isNew('time'))
    clocks.push(section(spec.clock ? methodCall('clock', spec.clock) : unshare, ...timeOffsets(spec.clock ?? {})));
  const opened = isLate && hasInit ? openClocks() : undefined;
  if (opened !== undefined) clocks.push(section(methodCall('unshare', 'time'), opened));
  if (byClone) {
    const withIt = spec.unshare.filter((kind) => kind === 'pid');
    clocks.push(section(methodCall('unshare', 'time', ...withIt), enterTimeByClone(flagsOf(withIt))));
  }
  const sections: Section[] = [];
  if (spec.hostname !== undefined)
    sections.push(section(methodCall('hostname', spec.hostname), hostname(spec.hostname)));
  if (spec.domainname !== undefined) {
    sections.push(section(methodCall('domainname', spec.domainname), domainname(spec.domainname)));
  }
  if (spec.loopback) sections.push(section(methodCall('loopback'), ...loopbackUp()));

  return {
    kinds: spec.unshare.filter((kind) => !later.includes(kind)),
    from: spec.unshare.length === 0 ? 'bare()' : unshare,
    clocks,
    sections,
    isForked: byClone,
    clocksOfInit: opened && { opened: opened.result, enter: enterClocks },
  };
}
