import type { Size } from '../../units/index.js';
import type { Controller } from './controller.js';
import { Emitter } from './emitter.js';
import { readFlag, readSizeLimit } from './read.js';

/**
 * Limits on memory: bytes, which the kernel rounds down to whole pages. What v1 has no file for is refused there.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
 */
export interface MemoryLimits {
  /** What it can have; above it the kernel takes back what it can, and then kills. Bytes: `memory.max`; in v1 `memory.limit_in_bytes`. */
  readonly max?: Size | 'max';
  /** Above it the group is slowed down, and the kernel takes memory back; nothing is killed. Bytes: `memory.high`. v2 only. */
  readonly high?: Size | 'max';
  /** What is left to it unless there is nothing else to take back. Bytes: `memory.low`. v2 only. */
  readonly low?: Size | 'max';
  /** What is left to it in any case. Bytes: `memory.min`. v2 only. */
  readonly min?: Size | 'max';
  /**
   * Swap that it can have in addition to memory. Bytes: `memory.swap.max`. In v1 the sum of this and `max` is written to
   * `memory.memsw.limit_in_bytes`; there any but `'max'` needs a `max`.
   */
  readonly swapMax?: Size | 'max';
  /** Above it the group is slowed down when it needs swap. Bytes: `memory.swap.high`. v2 only. */
  readonly swapHigh?: Size | 'max';
  /** Compressed memory that it can have for its swap. Bytes: `memory.zswap.max`, Linux 5.19. v2 only. */
  readonly zswapMax?: Size | 'max';
  /** Whether an OOM kill takes all of the group: 1 or 0 in `memory.oom.group`, Linux 4.19. v2 only. */
  readonly oomGroup?: boolean;
}

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/memory.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#memory',
};

/**
 * `memory.max` and its relatives; in v1 `memory.limit_in_bytes`, `memory.memsw.limit_in_bytes`, and `memory.kmem.tcp.limit_in_bytes` for the buffers of
 * TCP, which v1 counts by themselves, and without a limit not at all. The rest of `memory.kmem` is left alone.
 */
export const memory: Controller<MemoryLimits> = (limits, version) => {
  const emit = new Emitter('memory', documentation[version]);
  if (version === 2) unified(emit, limits);
  else legacy(emit, limits);
  return emit;
};

const swapOff = {
  problem: 'the kernel does not count swap',
  help: 'boot it with swapaccount=1, and CONFIG_SWAP; or leave it out',
};
const sizes = [
  ['min', 'memory.min'],
  ['low', 'memory.low'],
  ['high', 'memory.high'],
  ['max', 'memory.max'],
  ['swapHigh', 'memory.swap.high'],
  ['swapMax', 'memory.swap.max'],
  ['zswapMax', 'memory.zswap.max'],
] as const;
const missing = {
  swapHigh: swapOff,
  swapMax: swapOff,
  zswapMax: { problem: 'this kernel has no limit on zswap: it came with Linux 5.19, and CONFIG_ZSWAP' },
};

function unified(emit: Emitter, limits: MemoryLimits): void {
  for (const [name, file] of sizes) {
    const size = emit.read(name, limits[name], readSizeLimit);
    const more = name in missing ? { missing: missing[name as keyof typeof missing] } : {};
    if (size !== undefined) emit.put(name, file, String(size), more);
  }
  const oomGroup = emit.read('oomGroup', limits.oomGroup, readFlag);
  const late = { missing: { problem: 'this kernel cannot: memory.oom.group came with Linux 4.19' } };
  if (oomGroup !== undefined) emit.put('oomGroup', 'memory.oom.group', oomGroup, late);
}

/** What v1 has nothing for, and what does something like it. */
const onlyUnified = {
  min: 'v1 cannot keep memory for a group',
  low: 'v1 cannot keep memory for a group; its soft limit is something else',
  high: 'v1 has no limit that slows down; use max',
  swapHigh: 'v1 has no limit that slows down; use swapMax',
  zswapMax: 'v1 does not count zswap',
  oomGroup: 'v1 kills one process; kill the group when it tells of it',
} as const;

function legacy(emit: Emitter, limits: MemoryLimits): void {
  for (const [name, help] of Object.entries(onlyUnified)) {
    const isAsked = limits[name as keyof typeof onlyUnified] !== undefined;
    if (isAsked) emit.refuse(name, 'it is not to be had from cgroup v1, where the memory controller is', help);
  }
  const max = emit.read('max', limits.max, readSizeLimit);
  const swap = emit.read('swapMax', limits.swapMax, readSizeLimit);
  const text = (size: bigint | 'max') => (size === 'max' ? '-1' : String(size));
  if (max !== undefined) {
    const also = { file: 'memory.kmem.tcp.limit_in_bytes', value: text(max) };
    emit.put('max', 'memory.limit_in_bytes', text(max), { also });
  }
  if (swap === undefined) return;
  if (swap !== 'max' && (max === undefined || max === 'max')) {
    emit.refuse('swapMax', 'v1 limits memory and swap together', 'limit memory, too');
    return;
  }
  const both = swap === 'max' || max === undefined || max === 'max' ? 'max' : max + swap;
  emit.put('swapMax', 'memory.memsw.limit_in_bytes', text(both), { missing: swapOff });
}
