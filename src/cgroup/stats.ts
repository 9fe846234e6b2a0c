import { type CgroupPart, legacyPart, partOf, unifiedPart } from './part.js';
import { pressureIn } from './pressure-stats.js';
import type { CgroupStats, CgroupUse, CpuStats } from './stats-types.js';
import { legacyCpu, legacyIo, legacyMemory, legacyMemoryPeak } from './v1/stats.js';
import { pidsPeak, pidsStats, unifiedCpu, unifiedIo, unifiedMemory, unifiedMemoryPeak } from './v2/stats.js';

/** Measures a group. What is below it is counted. */
export function statsOf(parts: readonly CgroupPart[]): CgroupStats {
  const memory = partOf(parts, 'memory');
  const pids = partOf(parts, 'pids');
  return {
    ...sumsOf(parts),
    memory: memory && (memory.version === 2 ? unifiedMemory : legacyMemory)(memory.directory),
    pids: pids && pidsStats(pids.directory),
  };
}

/** What a group has used. What it uses in this moment takes longer to find out, and is nothing when its processes have ended. */
export function useOf(parts: readonly CgroupPart[]): CgroupUse {
  const memory = partOf(parts, 'memory');
  const pids = partOf(parts, 'pids');
  return {
    ...sumsOf(parts),
    memory: memory && (memory.version === 2 ? unifiedMemoryPeak : legacyMemoryPeak)(memory.directory),
    pids: pids && pidsPeak(pids.directory),
  };
}

/** What is counted from the beginning on. */
function sumsOf(parts: readonly CgroupPart[]): Pick<CgroupStats, 'cpu' | 'io' | 'pressure'> {
  const io = partOf(parts, 'io');
  const unified = unifiedPart(parts);
  return {
    cpu: cpuOf(parts),
    io: io && (io.version === 2 ? unifiedIo : legacyIo)(io.directory),
    pressure: unified && pressureIn(unified.directory),
  };
}

/** v2 measures it without the controller, too. */
function cpuOf(parts: readonly CgroupPart[]): CpuStats | undefined {
  const meter = legacyPart(parts, 'cpuacct');
  if (meter !== undefined) return legacyCpu(meter.directory, legacyPart(parts, 'cpu')?.directory);
  const unified = unifiedPart(parts);
  return unified && unifiedCpu(unified.directory);
}
