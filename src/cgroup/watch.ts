import { existsSync, type FSWatcher, watch as watchFile } from 'node:fs';
import { type CgroupCounters, countersOf } from './counters.js';
import { cgroupError } from './errors.js';
import type { CgroupEvent, CgroupWatch } from './events.js';
import { isThere } from './files.js';
import { isPopulated } from './kill.js';
import { type CgroupPart, partOf, unifiedPart } from './part.js';
import { withRights } from './rights.js';
import { statsOf } from './stats.js';
import { watchOom } from './v1/watch-oom.js';

/** Watching the events of a group. */
export interface EventsWatch extends CgroupWatch {
  /**
   * A process is about to join the group: what is returned is called when it has. It may have left again by then; and what the kernel tells
   * in one moment comes as one.
   */
  joining(): () => void;
}

/**
 * Tells what happens in a group. The kernel says when one of its files has changed (inotify(7); in v1 by an eventfd), and then the
 * counters are read: several things of a kind at once are told once, with their number. It keeps no program from its end, and ends with the group.
 */
export function watchEvents(parts: readonly CgroupPart[], listener: (event: CgroupEvent) => void): EventsWatch {
  let before = countersOf(parts);
  let wasPopulated = isPopulated(parts);
  let timesEmpty = 0;
  let isOpen = true;
  /** Looks again until it can be read. */
  let stopTrying: (() => void) | undefined;
  const eventsNow = () => {
    // In this order: of the last process it is known how it ended when it is told that it has left.
    const isPopulatedNow = isPopulated(parts);
    const now = countersOf(parts);
    const events = [...eventsBetween(before, now, parts), ...(wasPopulated && !isPopulatedNow ? [empty] : [])];
    if (events.includes(empty)) timesEmpty++;
    [before, wasPopulated] = [now, isPopulatedNow];
    stopTrying?.();
    stopTrying = undefined;
    return events;
  };
  // What the event loop calls has nobody to throw to.
  const eventsOrError = (): CgroupEvent[] => {
    try {
      return eventsNow();
    } catch (error) {
      if (stopTrying !== undefined) return [];
      stopTrying = lookOften(look);
      return [unreadable(error, parts)];
    }
  };
  const look = () => {
    if (!isOpen) return;
    for (const event of eventsOrError()) listener(event);
    if (!parts.some(({ directory }) => existsSync(directory))) close();
  };
  const closers: (() => void)[] = [];
  const close = () => {
    isOpen = false;
    stopTrying?.();
    for (const closer of closers.splice(0)) closer();
  };
  try {
    for (const path of eventFiles(parts)) closers.push(follow(path, look));
    const memory = partOf(parts, 'memory');
    if (memory?.version === 1) closers.push(watchOom(memory.directory, look));
    if (partOf(parts, 'pids')?.version === 1) closers.push(lookOften(look));
  } catch (error) {
    close();
    throw error;
  }
  const joining = () => {
    const timesBefore = timesEmpty;
    return () => {
      if (timesEmpty > timesBefore) return;
      wasPopulated = true;
      look();
    };
  };
  return { joining, close, [Symbol.dispose]: close };
}

const empty: CgroupEvent = { kind: 'empty' };

function unreadable(error: unknown, parts: readonly CgroupPart[]): CgroupEvent {
  const { path = parts[0]?.directory ?? '' } = error as { path?: string };
  return { kind: 'unreadable', error: cgroupError({ action: 'read', path }, error) };
}

function eventsBetween(before: CgroupCounters, now: CgroupCounters, parts: readonly CgroupPart[]): CgroupEvent[] {
  const events: CgroupEvent[] = [];
  const isMore = (is = 0, was = 0) => is > was;
  const [killed, high, refused] = [now.memory?.oomKill, now.memory?.high, now.pids?.refused];
  if (isMore(killed, before.memory?.oomKill)) {
    const memory = statsOf(parts).memory;
    events.push({ kind: 'oom-kill', count: killed ?? 0, limit: memory?.limit, peak: memory?.peak });
  }
  if (isMore(refused, before.pids?.refused)) {
    events.push({ kind: 'fork-refused', count: refused ?? 0, limit: statsOf(parts).pids?.limit });
  }
  if (isMore(high, before.memory?.high)) events.push({ kind: 'memory-high', count: high ?? 0 });
  return events;
}

/** The files that the kernel tells changes of. */
function eventFiles(parts: readonly CgroupPart[]): string[] {
  const [memory, pids, unified] = [partOf(parts, 'memory'), partOf(parts, 'pids'), unifiedPart(parts)];
  const files = [
    memory?.version === 2 ? `${memory.directory}/memory.events` : undefined,
    pids && `${pids.directory}/pids.events`,
    unified && `${unified.directory}/cgroup.events`,
  ];
  return files.filter((path) => path !== undefined).filter(isThere);
}

/** Of refused forks in v1 the kernel keeps a number, and tells nobody; nor does anybody tell that a group can be read again. Milliseconds. */
const often = 250;

function lookOften(look: () => void): () => void {
  const timer = setInterval(look, often).unref();
  return () => clearInterval(timer);
}

function follow(path: string, look: () => void): () => void {
  let watcher: FSWatcher;
  try {
    watcher = withRights(path, () => watchFile(path, { persistent: false }, look));
  } catch (error) {
    throw cgroupError({ action: 'watch', path }, error);
  }
  // The group is gone.
  watcher.on('error', () => watcher.close());
  return () => watcher.close();
}
