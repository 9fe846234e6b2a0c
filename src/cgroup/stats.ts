import { type CgroupPart, legacyPart, partOf, unifiedPart } from './part.js';
import { pressureIn } from './pressure-stats.js';
import type { CgroupStats, CpuStats } from './stats-types.js';
import { legacyCpu, legacyIo, legacyMemory } from './v1/stats.js';
import { pidsStats, unifiedCpu, unifiedIo, unifiedMemory } from './v2/stats.js';

/** Measures a group. What is below it is counted. */
export function statsOf(parts: readonly CgroupPart[]): CgroupStats {
  const memory = partOf(parts, 'memory');
  const io = partOf(parts, 'io');
  const pids = partOf(parts, 'pids');
  const unified = unifiedPart(parts);
  return {
    cpu: cpuOf(parts),
    memory: memory && (memory.version === 2 ? unifiedMemory : legacyMemory)(memory.directory),
    io: io && (io.version === 2 ? unifiedIo : legacyIo)(io.directory),
    pids: pids && pidsStats(pids.directory),
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
