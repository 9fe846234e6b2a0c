import { handshakeValues } from '../../ns/index.js';
import {
  type Fd,
  type InitDescriptors,
  type InitRole,
  type Late,
  late,
  openInitDescriptors,
  type Stored,
} from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { planParent } from './life.js';
import type { NamespacePlan } from './namespaces.js';
import { methodCall, type Section, section } from './section.js';

/** The part of a plan that init carries out. */
export interface InitPlan {
  readonly role: InitRole;
  readonly descriptors: InitDescriptors;
  /** What is taken along to init, in this order, after the descriptors of the command. */
  readonly sources: readonly (Fd | Stored | Late<Fd>)[];
  /** What init does before it starts the command. */
  readonly steps: readonly Section[];
}

/** Init for a new PID namespace, or for one whose namespaces it holds. `count`: how many descriptors the command has. */
export function planInit(
  role: 'serve' | 'hold',
  spec: ProcessSpec,
  count: number,
  { clocksOfInit }: Pick<NamespacePlan, 'clocksOfInit'>,
): InitPlan {
  const descriptors = openInitDescriptors(count);
  const sources = [...descriptors.sources];
  const steps: Section[] = [];
  const take = (source: Stored | Late<Fd>): Fd => count + sources.push(source) - 1;
  if (clocksOfInit !== undefined) {
    const clocks = take(clocksOfInit.opened);
    steps.push(section(methodCall('unshare', 'time'), clocksOfInit.enter(clocks)));
  }
  if (spec.dieWithParent) steps.push(...planParent(spec, take(late(handshakeValues.parentPidfd))));
  return { role, descriptors, sources, steps };
}
