import {
  domainname,
  enterTimeByClone,
  flagsOf,
  hostname,
  loopbackUp,
  type NamespaceKind,
  timeOffsets,
} from '../../ns/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { cgroupNamespace, type GroupPlan } from './group.js';
import { methodCall, type Section, section } from './section.js';

/** What the namespaces of a spec come to: flags for the clone, and steps for the child. */
export interface NamespacePlan {
  /** Those that the process is born into; the others it makes itself. */
  readonly kinds: readonly NamespaceKind[];
  readonly from: string;
  /** What is made when the process is in its control group. */
  readonly early: readonly Section[];
  /** Before the process changes its user, after which it may not write files of its own below /proc. */
  readonly clocks: readonly Section[];
  readonly sections: readonly Section[];
  /** The command runs in a second child, with its own copy of the memory. */
  readonly isForked: boolean;
}

/** The new namespaces, each set up by the process that lives in them. */
export function planNamespaces(spec: ProcessSpec, host: Host, group: GroupPlan): NamespacePlan {
  const unshare = methodCall('unshare', ...spec.unshare);
  const isNew = (kind: NamespaceKind) => spec.unshare.includes(kind);
  const byClone = isNew('time') && !host.timeEntersAtExec;
  const later: NamespaceKind[] = [
    'time',
    ...(byClone ? (['pid'] as const) : []),
    ...(group.makesNamespace ? (['cgroup'] as const) : []),
  ];

  const clocks: Section[] = [];
  if (isNew('time'))
    clocks.push(section(spec.clock ? methodCall('clock', spec.clock) : unshare, ...timeOffsets(spec.clock ?? {})));
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
    early: [...(group.makesNamespace ? [section(unshare, cgroupNamespace())] : []), ...group.guard],
    clocks,
    sections,
    isForked: byClone,
  };
}
