import type { Sandbox } from 'linux-isolate';
import { isolatePeer, type Peer } from './peer.js';

/** A sandbox that is built up step by step, to see what each step takes. */
export interface Ladder {
  readonly title: string;
  /** From the sandbox that has the namespaces alone to the whole of it. */
  readonly steps: readonly Peer[];
  /** What the whole of it is compared with. */
  readonly beside: readonly Peer[];
}

/** What a step adds, and the name of it. */
export type Rung = readonly [name: string, add: (sandbox: Sandbox) => Sandbox];

/** Each step is a peer: the sandbox as it is with all steps so far. */
export function ladder(title: string, start: Sandbox, rungs: readonly Rung[], beside: readonly Peer[] = []): Ladder {
  const steps: Peer[] = [];
  let sandbox = start;
  for (const [name, add] of rungs) {
    sandbox = add(sandbox);
    steps.push(isolatePeer(name, sandbox));
  }
  return { title, steps, beside };
}
