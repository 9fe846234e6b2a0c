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
import type { Section } from './section.js';

/** The part of a plan that init carries out. */
export interface InitPlan {
  readonly role: InitRole;
  readonly descriptors: InitDescriptors;
  /** What is taken along to init, in this order, after the descriptors of the command. */
  readonly sources: readonly (Fd | Stored | Late<Fd>)[];
  /** What init does before it starts the command. */
  readonly steps: readonly Section[];
}

/** Init for a new PID namespace, or for a box. `count`: how many descriptors the command has, or init keeps. */
export function planInit(role: 'serve' | 'hold', spec: ProcessSpec, count: number): InitPlan {
  const descriptors = openInitDescriptors(count);
  const own = descriptors.sources;
  if (!spec.dieWithParent) return { role, descriptors, sources: own, steps: [] };
  const sources = [...own, late(handshakeValues.parentPidfd)];
  return { role, descriptors, sources, steps: planParent(spec, count + own.length) };
}
