// What happens where there is no descriptor left to open.
import * as assert from 'uvu/assert';
import { prlimit64, RLIMIT } from '../../src/sys/index.js';
import { assertSameHost, hostState, openDescriptors } from './host-state.js';

/** More than anything here opens. */
const most = 96;

/** Runs something with one free descriptor more each time, until it works: before that it fails with EMFILE, and leaves nothing. */
export async function withEveryFew(works: () => Promise<void>): Promise<void> {
  await works();
  const before = hostState();
  let outcome: string | undefined;
  for (let free = 0; outcome !== 'it works'; free++) {
    assert.ok(free < most, outcome);
    outcome = await withFreeDescriptors(free, works).then(
      () => 'it works',
      (error) => error.code,
    );
    if (outcome !== 'it works') assert.is(outcome, 'EMFILE', `${free} free`);
    assert.ok(free > 0 || outcome === 'EMFILE', 'it needs none');
    assertSameHost(before, `${free} free descriptors`);
  }
}

/** Runs something while this process can open only so many descriptors more. */
export async function withFreeDescriptors(free: number, run: () => Promise<void>): Promise<void> {
  const taken = new Set(openDescriptors().map((line) => Number.parseInt(line, 10)));
  let limit = 0;
  for (let found = 0; found <= free; limit++) if (!taken.has(limit)) found++;
  const { rlim_cur, rlim_max } = prlimit64(0, RLIMIT.NOFILE, null);
  prlimit64(0, RLIMIT.NOFILE, { rlim_cur: BigInt(limit - 1), rlim_max });
  try {
    await run();
  } finally {
    prlimit64(0, RLIMIT.NOFILE, { rlim_cur, rlim_max });
  }
}
