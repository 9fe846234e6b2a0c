import { type Identification, identifySelf } from '../../ns/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { type Section, section } from './section.js';

/** How it is found out which namespaces the command is in. */
export interface IdentifyPlan {
  readonly steps: readonly Identification[];
  readonly sections: readonly Section[];
}

/**
 * The process asks for itself, after its namespaces are there and before the host's `/proc` may be hidden. With a second child, whose
 * memory is its own, what it finds would not come back: none.
 */
export function planIdentify(isAsked: boolean, spec: ProcessSpec, host: Host, isForked: boolean): IdentifyPlan {
  if (!isAsked || isForked) return { steps: [], sections: [] };
  const steps = identifySelf(host.namespaces, spec.unshare.includes('time'));
  return { steps, sections: [section('spawn({ identify: true })', ...steps.map(({ step }) => step))] };
}
