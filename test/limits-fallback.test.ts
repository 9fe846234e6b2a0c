// Limits of single processes, where there can be no control group: in a program that sees none.
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { either, freshProcRefused, isRoot, kernelBefore, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { programOf, quoted, repository } from './helpers/program.js';

const reason = either(userNamespacesRefused(), freshProcRefused());

/** What a program says in a mount namespace without control groups: JSON. */
function toldWithoutGroups<T>(code: string): T {
  const hide = `mount -t tmpfs none /sys/fs/cgroup && exec ${quoted(programOf(code))}`;
  const keeping = isRoot ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const args = [...keeping, '--mount', 'sh', '-c', hide];
  const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', cwd: repository });
  assert.is(stderr, '');
  return JSON.parse(stdout) as T;
}

/** The kernel holds root to no number of processes: there that is an error. */
const limits = isRoot ? "{ memory: '256M' }" : "{ memory: '256M', pids: 4000 }";

const code = `
  const { readFileSync } = await import('node:fs');
  const sandbox = isolate().limits(${limits}, { fallback: 'rlimit' });
  const limitsOf = (text) =>
    Object.fromEntries(['address space', 'processes'].map((name) => [name, new RegExp('Max ' + name + ' +(\\\\w+) +(\\\\w+)').exec(text).slice(1)]));
  const own = limitsOf(readFileSync('/proc/self/limits', 'utf8'));
  const inside = async (place) => {
    const { stdout } = await place.run('cat', ['/proc/self/limits']);
    const { exit, stderr } = await place.run('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=512M', 'count=1']);
    return { limits: limitsOf(stdout), code: exit.code, stderr, resources: exit.resources ?? null };
  };
  const alone = await inside(sandbox);
  const box = await sandbox.open();
  const ofInit = limitsOf(readFileSync('/proc/' + box.pid + '/limits', 'utf8'));
  const pool = sandbox.pool({ size: 1 });
  const { stdout } = await pool.run('cat', ['/proc/self/limits']);
  console.log(JSON.stringify({ own, ofInit, alone, box: await inside(box), again: await inside(box), pool: limitsOf(stdout) }));
  await Promise.all([box.close(), pool.close()]);
`;

interface Limits {
  readonly 'address space': string[];
  readonly processes: string[];
}
interface Inside {
  readonly limits: Limits;
  readonly code: number;
  readonly stderr: string;
  readonly resources: null;
}

skipUnless(test, reason, 'each command is held to them, alone and in a box; the init of the box is not', () => {
  const { own, ofInit, alone, box, again, pool } = toldWithoutGroups<
    Record<'own' | 'ofInit' | 'pool', Limits> & Record<'alone' | 'box' | 'again', Inside>
  >(code);
  const bytes = String(256 * 2 ** 20);
  const limited: Limits = {
    'address space': [bytes, bytes],
    processes: isRoot ? own.processes : ['4000', '4000'],
  };
  assert.equal(ofInit, own);
  assert.equal(pool, limited);
  for (const [name, told] of Object.entries({ alone, box, again })) {
    assert.equal(told.limits, limited, name);
    assert.is(told.code, 1, name);
    assert.match(told.stderr, /memory/, name);
    assert.is(told.resources, null, name);
  }
});

skipUnless(
  test,
  either(reason, isRoot ? undefined : 'root alone is held to no number of processes'),
  'of root, a limit on processes is refused in a box, too',
  () => {
    const tell = `
    const refusals = [];
    for (const start of [(one) => one.run('true'), (one) => one.open()]) {
      await start(bare().unshare('uts').limits({ pids: 8 }, { fallback: 'rlimit' })).catch(({ code, field }) => refusals.push([code, field]));
    }
    console.log(JSON.stringify(refusals));
  `;
    const refusal = ['ERR_ISOLATE_SPEC', 'pids.max'];
    assert.equal(toldWithoutGroups(tell), [refusal, refusal]);
  },
);

skipUnless(
  test,
  either(
    reason,
    kernelBefore(5, 14, 'a count for each user namespace'),
    isRoot ? 'the kernel holds root to none' : undefined,
  ),
  'in a new user namespace the processes of others are not counted, and those of a box are together',
  () => {
    const tell = `
      const { spawn } = await import('node:child_process');
      const others = Array.from({ length: 12 }, () => spawn('sleep', ['1000'], { stdio: 'ignore' }));
      const box = await isolate().limits({ pids: 8 }, { fallback: 'rlimit' }).open();
      const forks = async () => (await box.run('sh', ['-c', 'for i in 1 2 3 4; do sleep 0.1 & done; wait'])).exit.code;
      const first = await forks();
      const running = await Promise.all(Array.from({ length: 5 }, () => box.spawn('sleep', ['1000'], { stdio: 'ignore' })));
      const beside = await forks();
      await box.close();
      for (const other of others) other.kill();
      console.log(JSON.stringify({ first, beside, running: running.length }));
    `;
    assert.equal(toldWithoutGroups(tell), { first: 0, beside: 2, running: 5 });
  },
);

test.run();
