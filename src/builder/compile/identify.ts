import { type Identification, identifyOpen, identifySelf, type NamespaceIds } from '../../ns/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { JoinPlan } from './join.js';
import { type Section, section } from './section.js';

/** How it is found out which namespaces the command is in. */
export interface IdentifyPlan {
  /** What is known before anything is done. */
  readonly known: NamespaceIds;
  /** What is found out during the launch. */
  readonly steps: readonly Identification[];
  readonly sections: readonly Section[];
}

/**
 * The process asks for itself, after its namespaces are there and before the host's `/proc` may be hidden. With a second child, whose
 * memory is its own, what it finds would not come back: undefined.
 */
export function planIdentify(spec: ProcessSpec, host: Host, isForked: boolean): IdentifyPlan | undefined {
  return isForked ? undefined : { known: {}, ...made(identifySelf(host.namespaces, spec.unshare.includes('time'))) };
}

/**
 * Among others the process could not ask: their `/proc` may be anything. It is in their namespaces, as they were found or are opened,
 * and in those of this program.
 */
export function planIdentifyJoined({ found, files }: JoinPlan, host: Host): IdentifyPlan {
  return { known: { ...host.processes.own(), ...found }, ...made(files.map(({ kind, fd }) => identifyOpen(kind, fd))) };
}

function made(steps: readonly Identification[]): Pick<IdentifyPlan, 'steps' | 'sections'> {
  const sections = [section('spawn({ identify: true })', ...steps.map(({ step }) => step))];
  return { steps, sections: steps.length === 0 ? [] : sections };
}
