import { posix } from 'node:path';
import { hasSystemd } from '../cgroup/delegation.js';
import { type CgroupAccess, type CgroupPart, cgroupAccess, findCgroup, planCgroup } from '../cgroup/index.js';
import { scopeAccess } from '../cgroup/scope-access.js';
import { SpecError } from '../sys/index.js';
import { isInSlice, nextScope } from './group/scope-request.js';
import type { HostCgroups } from './spec/host-cgroups.js';

let known: CgroupAccess | undefined;

/** What this program may do with control groups: asked once, as long as it goes well. */
export function knownAccess(): CgroupAccess {
  known ??= cgroupAccess();
  return known;
}

/** It may be otherwise by now: this program may have been moved. */
export function forgetAccess(): void {
  known = undefined;
}

/** Whether this program may make no groups of v2 where it is, but could where systemd puts it. */
export function needsScope({ bases }: Pick<CgroupAccess, 'bases'>): boolean {
  return bases.some(({ version, refused }) => version === 2 && refused !== undefined);
}

/** A path that no group can have, or in a group that is not there, is that of no group. */
function partsAt(path: string): readonly CgroupPart[] | undefined {
  try {
    return findCgroup({ name: posix.basename(path), parent: posix.dirname(path), access: knownAccess() })?.parts;
  } catch (error) {
    if (error instanceof SpecError) return undefined;
    throw error;
  }
}

/** The control groups of the host that this program runs on. */
export const thisHostCgroups: HostCgroups = {
  plan: (options) => planCgroup({ ...options, access: knownAccess() }),
  find: partsAt,
  scope: (slice) => {
    if (slice === undefined ? !(hasSystemd() && needsScope(knownAccess())) : isInSlice(slice)) return undefined;
    const request = nextScope(slice);
    return { ...request, plan: (options) => planCgroup({ ...options, access: scopeAccess(request.name) }) };
  },
};
