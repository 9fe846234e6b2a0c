import { setTimeout } from 'node:timers/promises';
import { type LiveGroup, liveGroups } from '../builder/group/live-groups.js';
import { CgroupError, type CgroupStats } from '../cgroup/index.js';
import { exitStatus, statusOfOutputError } from './exit-status.js';
import { print } from './output.js';
import { size } from './render-resources.js';

/** What `isolate top` tells of a control group. */
interface GroupLine {
  readonly name: string;
  /** The program that made it, where its name tells and that is of this PID namespace. */
  readonly owner: number | null;
  /** Processors' worth of time between the two last looks. */
  readonly cpus: number | null;
  /** Milliseconds of processors' time in all. */
  readonly cpuTime: number | null;
  /** Bytes. */
  readonly memory: number | null;
  readonly memoryLimit: number | 'max' | null;
  readonly pids: number | null;
  readonly pidsLimit: number | 'max' | null;
}

export interface TopOptions {
  once?: true;
  json?: true;
}

/** Milliseconds between two looks. */
const pauses = { once: 250, refreshing: 1000 } as const;

/** Shows the groups once, or again and again; returns the exit status. */
export async function top({ once, json }: TopOptions): Promise<number> {
  const isOnce = once === true || json === true;
  let before = measureAll();
  for (;;) {
    await setTimeout(isOnce ? pauses.once : pauses.refreshing);
    const now = measureAll();
    const lines = [...now].map(([name, measured]) => lineOf(name, measured, before.get(name)));
    before = now;
    const text = json ? `${JSON.stringify({ version: 1, groups: lines }, null, 2)}\n` : table(lines);
    try {
      await print('stdout', `${isOnce || !process.stdout.isTTY ? '' : clear}${text}`);
    } catch (error) {
      const status = statusOfOutputError(error);
      // Nobody reads on, as in `isolate top | head`: that is no news.
      if (status === exitStatus.isolateFailed) throw error;
      return status;
    }
    if (isOnce) return 0;
  }
}

/** To the upper left, and nothing below. */
const clear = '\x1b[H\x1b[J';

interface Measured {
  readonly owner: number | undefined;
  readonly at: number;
  /** Undefined where they cannot be read. */
  readonly stats: CgroupStats | undefined;
}

function measureAll(): Map<string, Measured> {
  return new Map(liveGroups().flatMap(measure));
}

/** Nothing of a group that has gone meanwhile. One that cannot be read hides no others. */
function measure({ group, owner }: LiveGroup): [string, Measured][] {
  const at = performance.now();
  try {
    return [[group.name, { owner, at, stats: group.stats() }]];
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error;
    return error.code === 'ENOENT' ? [] : [[group.name, { owner, at, stats: undefined }]];
  }
}

function lineOf(name: string, { owner, at, stats }: Measured, before: Measured | undefined): GroupLine {
  const { cpu, memory, pids } = stats ?? {};
  const used = cpu && before?.stats?.cpu && (cpu.usage - before.stats.cpu.usage) / (at - before.at);
  return {
    name,
    owner: owner ?? null,
    cpus: used === undefined ? null : Math.max(0, Math.round(used * 1000) / 1000),
    cpuTime: cpu?.usage ?? null,
    memory: memory?.current ?? null,
    memoryLimit: memory?.limit ?? null,
    pids: pids?.current ?? null,
    pidsLimit: pids?.limit ?? null,
  };
}

function table(lines: readonly GroupLine[]): string {
  const rows = lines.map((line) => [
    line.cpus === null ? '-' : line.cpus.toFixed(2),
    limited(line.memory, line.memoryLimit, size),
    limited(line.pids, line.pidsLimit, String),
    line.owner === null ? '-' : String(line.owner),
    line.name,
  ]);
  const all = [['CPUS', 'MEMORY', 'PROCESSES', 'OWNER', 'GROUP'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) => `${row.map((cell, column) => (column === 4 ? cell : cell.padStart(widths[column] ?? 0))).join('  ')}\n`,
    )
    .join('');
}

function limited(value: number | null, limit: number | 'max' | null, text: (value: number) => string): string {
  if (value === null) return '-';
  return limit === null || limit === 'max' ? text(value) : `${text(value)}/${text(limit)}`;
}
