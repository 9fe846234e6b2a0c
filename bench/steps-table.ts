import type { LadderTimes } from './results.js';
import { ms, table } from './table.js';

/** What each step of a sandbox adds to the time of the one before, and how far it is from the namespaces alone. */
export function stepsTable(command: string, { title, steps, beside }: LadderTimes): string[] {
  const first = steps[0]?.median ?? Number.NaN;
  const rows = [...steps, ...beside].map(({ name, median, p95 }, i) => {
    const before = steps[i - 1]?.median;
    const added = i >= steps.length || before === undefined ? '' : signed(median - before);
    return [name, ms(median), ms(p95), added, signed(median - first)];
  });
  return [
    `Step by step, ${command}: ${title}`,
    '',
    table(['', 'median ms', 'p95 ms', 'this step ms', 'all steps ms'], rows),
  ];
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${ms(Math.abs(value))}`;
