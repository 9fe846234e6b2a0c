// Which CPU has the least to do.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** The number of the CPU that is idle the longest in a short while, of those that this program may use. */
export async function idlestCpu() {
  const idle = () => cpus().map(({ times }) => times.idle);
  const before = idle();
  await pause(100);
  const gained = idle().map((time, cpu) => time - before[cpu]);
  const [best] = allowedCpus().sort((a, b) => (gained[b] ?? 0) - (gained[a] ?? 0));
  return String(best);
}

/** From a list such as `0-3,8`. */
function allowedCpus() {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
