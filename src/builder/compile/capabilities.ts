import { CAP, capset, PR, PR_CAP_AMBIENT, prctl, type Step } from '../../sys/index.js';
import { type CapabilityName, capabilityNumber } from '../spec/capability.js';
import { type Host, hasCapability } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import type { Identity } from './ids.js';
import { methodCall, type Section, section } from './section.js';

/** The two places where capabilities are taken: before the process changes its user, and after. */
export interface CapabilityPlan {
  readonly before: readonly Section[];
  readonly after: readonly Section[];
}

/** Whether the bounding set can be cut: with CAP_SETPCAP, which everybody has in a user namespace of their own. */
export function mayDropBounding(spec: ProcessSpec, host: Host): boolean {
  return spec.unshare.includes('user') || hasCapability(host, CAP.SETPCAP);
}

/**
 * Leaves only the named capabilities: the rest go from the bounding set, so that no program brings them back, and then from
 * the sets of the process. Those that stay become ambient, so that a command of any user keeps them. See capabilities(7).
 */
export function planCapabilities(spec: ProcessSpec, host: Host, identity: Identity): CapabilityPlan {
  if (spec.capabilities === undefined) return { before: [], after: [] };
  const from = methodCall('capabilities', spec.capabilities);
  const kept = spec.capabilities.map((name) => capabilityNumber(name as CapabilityName));
  const before: Step[] = [];
  if (mayDropBounding(spec, host)) {
    for (let number = 0; number <= host.lastCapability; number++) {
      if (kept.includes(number)) continue;
      before.push(prctl.step(PR.CAPBSET_DROP, number, 0, 0, 0).because('no program that it runs brings this one back'));
    }
  }
  if (kept.length > 0 && identity.uid !== undefined) {
    before.push(prctl.step(PR.SET_KEEPCAPS, 1, 0, 0, 0).because('a change of user would take all of them'));
  }
  const mask = kept.reduce((bits, number) => bits | (1n << BigInt(number)), 0n);
  const after = [
    capset.step({ effective: mask, permitted: mask, inheritable: mask }).because('it holds these and no others'),
    ...kept.map((number) =>
      prctl.step(PR.CAP_AMBIENT, PR_CAP_AMBIENT.RAISE, number, 0, 0).because('a command of any user keeps it'),
    ),
  ];
  return { before: before.length === 0 ? [] : [section(from, ...before)], after: [section(from, ...after)] };
}
