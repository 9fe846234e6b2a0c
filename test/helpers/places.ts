// Commands in a sandbox, a box or a pool: what they print, and what is left of them.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Box, Pool, Sandbox } from '../../src/index.js';
import { printed } from './inside.js';

/** What a shell script prints in there. */
export async function printedIn(place: Sandbox | Box | Pool, script: string, ...args: string[]): Promise<string> {
  const result = await place.run('sh', ['-c', script, 'sh', ...args]);
  await result.snapshot?.discard();
  return printed(result);
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  return promise.then(
    () => assert.unreachable('it did not reject') as never,
    (error) => error,
  );
}

/** The process is gone, or nobody has waited for it yet. */
export function isGone(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string, seconds = 30): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !isSo(); ) {
    assert.ok(Date.now() < end, `${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** The processes that hold a box, or wait for a command, whose working directory is this one. */
export function initsIn(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isInit = readFileSync(`/proc/${pid}/comm`, 'utf8') === 'isolate-init\n';
        return isInit && readlinkSync(`/proc/${pid}/cwd`) === directory;
      } catch {
        return false;
      }
    });
}
