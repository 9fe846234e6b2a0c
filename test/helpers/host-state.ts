// What a launch could leave behind, or change, in this process and on its host.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as assert from 'uvu/assert';
import { namespacesOf } from '../../src/ns/index.js';
import { PR, prctl } from '../../src/sys/index.js';

export interface HostState {
  /** What each open descriptor refers to: `'12 -> pipe:[345]'`. */
  readonly descriptors: readonly string[];
  /** Processes that this one has to wait for, zombies too. */
  readonly children: readonly number[];
  readonly mounts: string;
  /** Whether this process may be traced, and owns its files below /proc. */
  readonly dumpable: number;
  readonly hostname: string;
  readonly namespaces: object;
  readonly workingDirectory: string;
  readonly umask: number;
  /** The blocked signals of each thread, by thread id. */
  readonly masks: Masks;
}

type Masks = Readonly<Record<string, bigint>>;

export function hostState(): HostState {
  return { ...stateNow(), masks: settledMasks() };
}

/** Fails where anything is left, or changed, since `before`. */
export function assertSameHost(before: HostState, context: string): void {
  for (const [name, value] of Object.entries(stateNow())) {
    assert.equal(value, before[name as keyof HostState], `${context}: ${name} changed`);
  }
  let changed = changedMasks(before.masks);
  for (let times = 0; changed.length > 0 && times < 1000; times++) {
    waitShortly();
    changed = changedMasks(before.masks);
  }
  assert.equal(changed, [], `${context}: the blocked signals of a thread changed`);
}

function stateNow(): Omit<HostState, 'masks'> {
  return {
    descriptors: openDescriptors(),
    children: children(),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
    dumpable: prctl(PR.GET_DUMPABLE, 0, 0, 0, 0),
    hostname: hostname(),
    namespaces: namespacesOf(),
    workingDirectory: process.cwd(),
    umask: process.umask(),
  };
}

/** What each open descriptor refers to. */
export function openDescriptors(): string[] {
  const folder = '/proc/self/fd';
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [`${fd} -> ${readlinkSync(`${folder}/${fd}`)}`];
    } catch {
      // The descriptor by which the folder was read.
      return [];
    }
  });
}

/** The ids of the processes that this one has to wait for: each belongs to the thread that cloned it. */
export function children(): number[] {
  return threads().flatMap((thread) =>
    (readOfThread(thread, 'children') ?? '')
      .split(' ')
      .filter((id) => id !== '')
      .map(Number),
  );
}

/** A thread that is handling a signal, as the end of a child, blocks all others meanwhile: so it is asked more than once. */
function settledMasks(): Masks {
  const masks = masksNow();
  for (let times = 0; times < 20; times++) {
    waitShortly();
    for (const [thread, mask] of Object.entries(masksNow())) masks[thread] = mask & (masks[thread] ?? mask);
  }
  return masks;
}

/** Threads come and go; those that are still there block what they blocked. */
function changedMasks(before: Masks): string[] {
  return Object.entries(masksNow())
    .filter(([thread, mask]) => before[thread] !== undefined && mask !== before[thread])
    .map(([thread, mask]) => `${thread}: ${mask.toString(16)}`);
}

function masksNow(): Record<string, bigint> {
  const masks: Record<string, bigint> = {};
  for (const thread of threads()) {
    const mask = /^SigBlk:\s*(\w+)$/m.exec(readOfThread(thread, 'status') ?? '')?.[1];
    if (mask !== undefined) masks[thread] = BigInt(`0x${mask}`);
  }
  return masks;
}

function threads(): string[] {
  return readdirSync('/proc/self/task');
}

/** A file of a thread; undefined where the thread has just ended. */
function readOfThread(thread: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/self/task/${thread}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function waitShortly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
