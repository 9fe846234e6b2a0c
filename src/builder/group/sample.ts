import { setTimeout } from 'node:timers/promises';
import { checkRecord } from '../../cgroup/check-record.js';
import { CgroupError, type CgroupStats } from '../../cgroup/index.js';
import { type Duration, readDuration } from '../../units/index.js';
import type { CommandGroup } from './command-group.js';

/**
 * How long to wait between two measurements: a second if not given.
 *
 * @throws SpecError - it is no length of time, or there is no such option.
 */
export function readPause(options: { readonly every?: Duration }): number {
  checkRecord('stats', options, { what: 'options', help: "give an object, as { every: '1s' }", known: ['every'] });
  return readDuration('every', options.every ?? 1000);
}

/** Measures a group now, and again after each pause, until what it is for has ended. */
export async function* sample(
  group: CommandGroup,
  pause: number,
  ended: Promise<unknown>,
): AsyncGenerator<CgroupStats, void, undefined> {
  const waiting = new AbortController();
  const isOver = ended.then(() => true);
  try {
    for (;;) {
      const stats = statsIfThere(group);
      if (stats === undefined) return;
      yield stats;
      const tick = setTimeout(pause, false, { signal: waiting.signal, ref: false }).catch(() => true);
      if (await Promise.race([isOver, tick])) return;
    }
  } finally {
    waiting.abort();
  }
}

function statsIfThere(group: CommandGroup): CgroupStats | undefined {
  try {
    return group.stats();
  } catch (error) {
    if (error instanceof CgroupError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
