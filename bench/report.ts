import { floorSeven } from './floor.js';
import { bigHeap, heapName, smallHeap } from './heap.js';
import type { LiveCost } from './live-cost.js';
import { atOnce, type Crowd, type LoopDelay } from './many-at-once.js';
import type { Times } from './one-at-a-time.js';
import { bubblewrap, plain, seven } from './peers.js';
import type { CommandResults, Results } from './results.js';
import { stepsTable } from './steps-table.js';
import { ms, table, times } from './table.js';

/** The results as text for people. */
export function report({ host, missing, idle, commands, live }: Results): string {
  const facts = `Linux ${host.kernel}, Node ${host.node}, ${host.cpus} × ${host.cpu}, uid ${host.uid}, control groups ${host.cgroups}, load ${host.load.toFixed(1)}`;
  const lines = [facts, ...host.peers, ...missing.map((text) => `missing: ${text}`)];
  for (const result of commands) {
    if (result.oneAtATime.length > 0) lines.push('', ...timesTable(result));
    if (result.manyAtOnce.length > 0) lines.push('', ...crowdTable(result));
    if (result.heap.length > 0) lines.push('', ...heapTable(result));
    for (const ladder of result.steps) lines.push('', ...stepsTable(result.command, ladder));
  }
  if (commands.some(({ manyAtOnce }) => manyAtOnce.length > 0)) lines.push('', ...aboutDelays(idle));
  if (live.length > 0) lines.push('', ...liveTable(live));
  return lines.join('\n');
}

function liveTable(live: readonly LiveCost[]): string[] {
  const rows = live.map(({ name, processes, pss }) => [name, String(processes), String(pss)]);
  return ['While a command runs, besides the command', '', table(['', 'processes', 'PSS KiB'], rows)];
}

function timesTable({ command, oneAtATime }: CommandResults): string[] {
  const find = finder(oneAtATime);
  const rows = oneAtATime.map(({ name, median, p95, perSecond }) => [
    name,
    ms(median),
    ms(p95),
    perSecond.toFixed(0),
    times(median / (find(plain)?.median ?? Number.NaN)),
    times(median / (find(floorSeven)?.median ?? Number.NaN)),
  ]);
  return [
    `One at a time, ${command}: from the start to the end`,
    '',
    table(['', 'median ms', 'p95 ms', 'per s', '× plain', '× floor seven'], rows),
  ];
}

function crowdTable({ command, manyAtOnce }: CommandResults): string[] {
  const find = finder(manyAtOnce);
  const rows = manyAtOnce.map(({ name, perSecond, median, p95, delay }) => [
    name,
    perSecond.toFixed(0),
    times(perSecond / (find(plain)?.perSecond ?? Number.NaN)),
    times(perSecond / (find(bubblewrap)?.perSecond ?? Number.NaN)),
    ms(median),
    ms(p95),
    ms(delay.p99),
    ms(delay.worst),
    times(delay.p99 / (find(plain)?.delay.p99 ?? Number.NaN)),
  ]);
  const head = ['', 'per s', '× plain', '× bwrap', 'median ms', 'p95 ms', 'loop p99 ms', 'worst ms', 'p99 × plain'];
  return [`${atOnce} at a time, ${command}`, '', table(head, rows)];
}

function heapTable({ command, heap }: CommandResults): string[] {
  const find = finder(heap);
  const rows = [plain, seven].flatMap((peer) => {
    const small = find(heapName(peer, smallHeap));
    const big = find(heapName(peer, bigHeap));
    if (small === undefined || big === undefined) return [];
    return [[peer, ms(small.median), ms(big.median), ms(small.p95), ms(big.p95), times(big.median / small.median)]];
  });
  const head = ['', `median ms, ${smallHeap}`, bigHeap, `p95 ms, ${smallHeap}`, bigHeap, 'median, big / small'];
  return [`With ${bigHeap} in Node, ${command}`, '', table(head, rows)];
}

function aboutDelays(idle: LoopDelay): string[] {
  return [
    `The delay of the loop is that of a timer of 1 ms, which is in it: an idle loop shows p99 ${ms(idle.p99)}, worst ${ms(idle.worst)} ms.`,
    'A loop that no timer gets a turn in shows the length of the measurement: about a second, or half of one with --quick.',
  ];
}

/** Looks a contestant up by its name. */
export function finder<T extends Times | Crowd>(results: readonly T[]): (name: string) => T | undefined {
  return (name) => results.find((result) => result.name === name);
}
