import type { Exit } from '../index.js';
import { size } from './render-resources.js';

/** What its limits did to a command, for people: a line for what was killed, and one for what was refused. */
export function renderLimits({ kind, resources }: Exit): string {
  const { memory, pids, oomKills = 0, refusedForks = 0 } = resources ?? {};
  const lines = [
    oomKills > 0 && `${kind === 'oom' ? 'killed' : `${counted(oomKills, 'process', 'es')} killed`} for want of memory`,
    refusedForks > 0 && `${counted(refusedForks, 'fork', 's')} refused`,
  ];
  const figures = [
    memory && figuresOf(memory.limit, memory.peak, size),
    // The peak of processes is at the limit.
    pids && figuresOf(pids.limit, undefined, (limit) => counted(limit, 'process', 'es')),
  ];
  return lines.flatMap((line, index) => (line ? `isolate: ${line}${figures[index] ?? ''}\n` : [])).join('');
}

function figuresOf(limit: number | 'max', peak: number | undefined, text: (value: number) => string): string {
  const limited = limit === 'max' ? 'there is no limit of its own' : `the limit is ${text(limit)}`;
  return `: ${limited}${peak === undefined ? '' : `, the peak was ${text(peak)}`}`;
}

function counted(count: number, what: string, plural: string): string {
  return `${count} ${what}${count === 1 ? '' : plural}`;
}
