// What lets an older user-mode Linux run on a processor that has more registers than it knows: see registers.c.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../machine/cache.mjs';
import { output } from '../machine/command.mjs';

const source = fileURLToPath(new URL('registers.c', import.meta.url));

/** Whether this machine's processor has AMX, whose registers are the only ones so far that are too many. */
export function hasWideRegisters() {
  return /^flags\s*:.*\bamx_tile\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** The library to preload, built unless it is there. */
export async function buildRegisters(cache, signal) {
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const folder = await cached(cache, `registers-${digest}`, (work) =>
    output('gcc', ['-O2', '-Wall', '-Wextra', '-fPIC', '-shared', '-o', join(work, 'registers.so'), source], {
      signal,
    }),
  );
  return join(folder, 'registers.so');
}
