import type { Exit } from '../index.js';

/** What a command used, as a line for people. */
export function renderResources({ resources, usage, wallTime }: Exit): string {
  const { memory, cpu, pids, io = [], oomKills, refusedForks } = resources ?? {};
  const time = cpu?.usage ?? (usage.userCPUTime + usage.systemCPUTime) / 1000;
  const parts = [
    `${seconds(wallTime)} real`,
    `${seconds(time)} cpu${cpu?.throttled ? ` (throttled for ${seconds(cpu.throttled)})` : ''}`,
    memory && `memory ${memory.peak === undefined ? '?' : size(memory.peak)}${of(memory.limit, size)}`,
    pids && `processes ${pids.peak ?? '?'}${of(pids.limit, String)}`,
    io.length > 0 && `disks ${size(sum(io, 'readBytes'))} read, ${size(sum(io, 'writtenBytes'))} written`,
    oomKills ? `killed by OOM: ${oomKills}` : undefined,
    refusedForks ? `refused forks: ${refusedForks}` : undefined,
  ];
  return `isolate: ${parts.filter(Boolean).join('; ')}\n`;
}

function of(limit: number | 'max', text: (value: number) => string): string {
  return limit === 'max' ? '' : ` of ${text(limit)}`;
}

function sum<K extends string>(items: readonly Readonly<Record<K, number>>[], name: K): number {
  return items.reduce((total, item) => total + item[name], 0);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 3 : 1)}s`;
}

const units = ['', 'K', 'M', 'G', 'T'];

/** Bytes with a unit of 1024, as they can be given to the options. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}
