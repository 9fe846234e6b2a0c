import type { CommandGroup } from '../group/command-group.js';

/** What its control group tells of why a box has ended by itself: the kernel does not say who was killed. Undefined where that tells nothing. */
export function whyEnded(group: CommandGroup | undefined): string | undefined {
  if (group?.kind !== 'own') return undefined;
  try {
    const { memory, counters } = group.cgroup.used();
    if (!counters.memory?.oomKill) return undefined;
    const limit =
      memory === undefined || memory.limit === 'max' ? '' : `, whose limit on memory is ${memory.limit} bytes`;
    return `possible cause: the OOM killer, which was at work in its control group${limit}`;
  } catch {
    // Somebody has removed it.
    return undefined;
  }
}
