import { closeSync, constants, openSync, readdirSync, statSync } from 'node:fs';
import { codeOf, readNumbersOf } from './files.js';
import type { CgroupPart } from './part.js';
import { withRights } from './rights.js';

/** A group, while a tree of them is walked through. */
export interface WalkedGroup {
  /** What it is called: one character for each byte. */
  readonly name: string;
  /** A short path, however deep the group is. It leads there until the walk goes on. */
  readonly path: Buffer;
}

/**
 * A group and all below it, those below first. What is in a group can nest others deeper than any path can tell, and make as many as it likes: two
 * descriptors are open at most, and each path is relative to one.
 */
export function* groupsBelow(directory: string): Generator<WalkedGroup> {
  const top = Buffer.from(directory);
  const name = top.toString('latin1').replace(/^.*\//, '');
  if (hasGroups(top)) yield* walkBelow(top);
  yield { name, path: top };
}

function* walkBelow(directory: Buffer): Generator<WalkedGroup> {
  let fd = openIfThere(directory);
  if (fd === undefined) return;
  const entered: string[] = [];
  const toDo = [groupsIn(fd)];
  try {
    while (toDo.length > 0) {
      const next = toDo.at(-1)?.pop();
      if (next === undefined) {
        toDo.pop();
        const name = entered.pop();
        if (name === undefined) return;
        // No group can be moved to another place.
        fd = goTo(fd, '..');
        yield { name, path: inside(fd, name) };
      } else if (!hasGroups(inside(fd, next))) {
        yield { name: next, path: inside(fd, next) };
      } else {
        const below = openIfThere(inside(fd, next));
        if (below === undefined) continue;
        closeSync(fd);
        fd = below;
        entered.push(next);
        toDo.push(groupsIn(fd));
      }
    }
  } finally {
    closeSync(fd);
  }
}

function inside(fd: number, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${fd}/${name}`, 'latin1');
}

/** Closes a directory when another is open that is found from there. */
function goTo(fd: number, name: string): number {
  const opened = openDirectory(inside(fd, name));
  closeSync(fd);
  return opened;
}

function openDirectory(path: Buffer): number {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return withRights(path, () => openSync(path, flags));
}

function openIfThere(path: Buffer): number | undefined {
  return ifThere(() => openDirectory(path));
}

/** A group has two links, and one more for each group right below it. */
function hasGroups(path: Buffer): boolean {
  return ifThere(() => withRights(path, () => statSync(path)).nlink !== 2) ?? false;
}

function groupsIn(fd: number): string[] {
  const path = `/proc/self/fd/${fd}`;
  const read = () => readdirSync(path, { withFileTypes: true, encoding: 'latin1' });
  const entries = ifThere(() => withRights(path, read)) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Undefined where somebody has removed it meanwhile. */
function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return undefined;
    throw error;
  }
}

/** The processes of a group and of those below it, in all of its hierarchies. 0 stands for one of a PID namespace outside of ours. */
export function processesIn(parts: readonly CgroupPart[]): number[] {
  const found = new Set<number>();
  for (const { directory } of parts) {
    for (const { path } of groupsBelow(directory)) {
      for (const pid of readNumbersOf(Buffer.concat([path, procs]))) found.add(pid);
    }
  }
  return [...found];
}

const procs = Buffer.from('/cgroup.procs');
