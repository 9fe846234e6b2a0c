import { readIfThere, readKeyed, readLimit, readNumber } from '../files.js';
import type { CpuStats, IoStats, MemoryStats, Peak, PidsStats } from '../stats-types.js';

const milliseconds = (microseconds: number | undefined): number | undefined =>
  microseconds === undefined ? undefined : microseconds / 1000;

/** `cpu.stat`, which every group has. */
export function unifiedCpu(directory: string): CpuStats | undefined {
  const stat = readKeyed(`${directory}/cpu.stat`);
  if (stat === undefined) return undefined;
  return {
    usage: milliseconds(stat.usage_usec) ?? 0,
    user: milliseconds(stat.user_usec) ?? 0,
    system: milliseconds(stat.system_usec) ?? 0,
    periods: stat.nr_periods,
    throttledPeriods: stat.nr_throttled,
    throttled: milliseconds(stat.throttled_usec),
    bursts: stat.nr_bursts,
    burst: milliseconds(stat.burst_usec),
  };
}

/** `memory.current`, `memory.peak`, `memory.stat` and so on. */
export function unifiedMemory(directory: string): MemoryStats | undefined {
  const current = readNumber(`${directory}/memory.current`);
  const peak = unifiedMemoryPeak(directory);
  if (current === undefined || peak === undefined) return undefined;
  const details = readKeyed(`${directory}/memory.stat`) ?? {};
  return {
    current,
    ...peak,
    swap: readNumber(`${directory}/memory.swap.current`),
    anonymous: details.anon ?? 0,
    file: details.file ?? 0,
    shared: details.shmem ?? 0,
    kernel: details.kernel,
    details,
  };
}

/** `memory.peak` and `memory.max`. */
export function unifiedMemoryPeak(directory: string): Peak | undefined {
  const limit = readLimit(`${directory}/memory.max`);
  return limit === undefined ? undefined : { peak: readNumber(`${directory}/memory.peak`), limit };
}

/** `io.stat`: `8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 …`. */
export function unifiedIo(directory: string): IoStats[] | undefined {
  const text = readIfThere(`${directory}/io.stat`);
  return text
    ?.split('\n')
    .filter((line) => line.includes('rbytes='))
    .map((line) => {
      const [device = '', ...fields] = line.split(' ');
      const values = Object.fromEntries(fields.map((field) => field.split('=')));
      const number = (name: string) => Number(values[name] ?? 0);
      return {
        device,
        readBytes: number('rbytes'),
        writtenBytes: number('wbytes'),
        reads: number('rios'),
        writes: number('wios'),
      };
    });
}

/** `pids.current` and its relatives, which are the same in v1. */
export function pidsStats(directory: string): PidsStats | undefined {
  const current = readNumber(`${directory}/pids.current`);
  const peak = pidsPeak(directory);
  return current === undefined || peak === undefined ? undefined : { current, ...peak };
}

/** `pids.peak` and `pids.max`. */
export function pidsPeak(directory: string): Peak | undefined {
  const limit = readLimit(`${directory}/pids.max`);
  return limit === undefined ? undefined : { peak: readNumber(`${directory}/pids.peak`), limit };
}
