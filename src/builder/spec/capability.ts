import { CAP, type FlagName } from '../../sys/index.js';

/** The name of a capability, with or without its `CAP_`: see capabilities(7). */
export type CapabilityName = `CAP_${FlagName<typeof CAP>}` | FlagName<typeof CAP>;

/** The number of a capability; undefined for a name that Linux does not have. */
export function findCapability(name: string): number | undefined {
  const short = name.toUpperCase().replace(/^CAP_/, '');
  return Object.hasOwn(CAP, short) ? CAP[short as FlagName<typeof CAP>] : undefined;
}

/** The number of a capability. */
export function capabilityNumber(name: CapabilityName): number {
  return findCapability(name) as number;
}
