// The time namespace.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { bare, everything, linesOf } from '../library.mjs';

const uptime = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);

/** The clocks of a process run on between two looks at them. */
const assertAhead = (seconds, offset, before) =>
  assert.ok(
    seconds >= before + offset - 1 && seconds <= uptime() + offset + 1,
    `${seconds}, not ${before} + ${offset}`,
  );

export const checks = {
  'the boot-time clock is ahead, with all other namespaces': async () => {
    const before = uptime();
    const [inside] = await linesOf(everything.clock({ boottime: 86_400 }), 'cut -d" " -f1 /proc/uptime');
    assertAhead(Number(inside), 86_400, before);
    return `up ${Math.round(before)} s outside, ${Math.round(inside)} s inside`;
  },
  'both clocks are ahead, as the offsets of the namespace say': async () => {
    const sandbox = everything.clock({ monotonic: 1000, boottime: 2000.5 });
    const lines = await linesOf(sandbox, 'cat /proc/self/timens_offsets; echo $$; hostname');
    assert.deepEqual(
      lines.slice(0, 2).map((line) => line.split(/\s+/)),
      [
        ['monotonic', '1000', '0'],
        ['boottime', '2000', '500000000'],
      ],
    );
    assert.equal(lines[2], '2');
  },
  'a time namespace next to a user namespace alone': async () => {
    const sandbox = bare().unshare('user').mapRoot().clock({ boottime: 5000 });
    const before = uptime();
    const [inside] = await linesOf(sandbox, 'cut -d" " -f1 /proc/uptime');
    assertAhead(Number(inside), 5000, before);
  },
};
