import { readIfThere, readKeyed, readNumber } from '../files.js';
import type { CpuStats, IoStats, MemoryStats, Peak } from '../stats-types.js';

const milliseconds = (nanoseconds: number | undefined): number | undefined =>
  nanoseconds === undefined ? undefined : nanoseconds / 1e6;

/** `cpuacct.usage` and its relatives; what a quota does is told by `cpu.stat`. */
export function legacyCpu(meter: string, cpu: string | undefined): CpuStats | undefined {
  const usage = milliseconds(readNumber(`${meter}/cpuacct.usage`));
  if (usage === undefined) return undefined;
  const stat = cpu === undefined ? undefined : readKeyed(`${cpu}/cpu.stat`);
  return {
    usage,
    user: milliseconds(readNumber(`${meter}/cpuacct.usage_user`)) ?? 0,
    system: milliseconds(readNumber(`${meter}/cpuacct.usage_sys`)) ?? 0,
    periods: stat?.nr_periods,
    throttledPeriods: stat?.nr_throttled,
    throttled: milliseconds(stat?.throttled_time),
    bursts: stat?.nr_bursts,
    burst: milliseconds(stat?.burst_time),
  };
}

/** What the kernel says for no limit: the largest number of whole pages. */
const noLimit = 2 ** 62;

/** `memory.usage_in_bytes`, `memory.stat` with what is below (`total_…`), and so on. */
export function legacyMemory(directory: string): MemoryStats | undefined {
  const current = readNumber(`${directory}/memory.usage_in_bytes`);
  const peak = legacyMemoryPeak(directory);
  if (current === undefined || peak === undefined) return undefined;
  const details = readKeyed(`${directory}/memory.stat`) ?? {};
  return {
    current,
    ...peak,
    swap: details.total_swap,
    anonymous: details.total_rss ?? 0,
    file: details.total_cache ?? 0,
    shared: details.total_shmem ?? 0,
    kernel: readNumber(`${directory}/memory.kmem.usage_in_bytes`),
    details,
  };
}

/** `memory.max_usage_in_bytes` and `memory.limit_in_bytes`. */
export function legacyMemoryPeak(directory: string): Peak | undefined {
  const limit = readNumber(`${directory}/memory.limit_in_bytes`);
  if (limit === undefined) return undefined;
  const peak = readNumber(`${directory}/memory.max_usage_in_bytes`);
  return { peak, limit: limit >= noLimit ? 'max' : limit };
}

/** Two files with a line for each disk and operation: `8:0 Read 1459200`. */
export function legacyIo(directory: string): IoStats[] | undefined {
  const bytes = byDevice(`${directory}/blkio.throttle.io_service_bytes_recursive`);
  const requests = byDevice(`${directory}/blkio.throttle.io_serviced_recursive`);
  if (bytes === undefined || requests === undefined) return undefined;
  return [...bytes].map(([device, of]) => ({
    device,
    readBytes: of.Read ?? 0,
    writtenBytes: of.Write ?? 0,
    reads: requests.get(device)?.Read ?? 0,
    writes: requests.get(device)?.Write ?? 0,
  }));
}

function byDevice(path: string): Map<string, Record<string, number>> | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const devices = new Map<string, Record<string, number>>();
  for (const line of text.split('\n')) {
    const [device = '', operation, count] = line.split(' ');
    if (operation === undefined || count === undefined) continue;
    devices.set(device, { ...devices.get(device), [operation]: Number(count) });
  }
  return devices;
}
