// A command of the same user can take away the rights to the files of its own group: it hides nothing by that.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skipUnless } from './helpers/can.js';
import { isolateCommand } from './helpers/command-lines.js';
import { asOrdinaryUser, noOrdinaryUser } from './helpers/ordinary-user.js';

/** The directories of the group that a shell is in, as `$at`. */
const at = 'at=$(find /sys/fs/cgroup -type d -name "isolate-$PPID-*" 2>/dev/null)';
/** No rights to any of its files, nor to itself. */
const takeAll = `${at}; for d in $at; do chmod 000 $d/*; chmod 000 $d; done`;

/** What makes sandboxes in that program, and prints what it finds out. */
const begin = `
  const limited = bare().limits({ memory: '24M', pids: 16 });
  const told = [];
  const ready = async (sandbox, script) => {
    const running = await sandbox.spawn('sh', ['-c', script + '; echo ready; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => running.stdout.once('data', resolve));
    return running;
  };
`;
const end = 'console.log(JSON.stringify(told));';

async function tells(code: string): Promise<unknown[]> {
  const text = await asOrdinaryUser(`${begin}${code}${end}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(text);
  }
}

skipUnless(test, noOrdinaryUser, 'that it was killed for want of memory is told, with what it used', async () => {
  const [kind, limit, oomKills, pidsLimit] = await tells(`
    const { exit } = await limited.run('sh', ['-c', ${JSON.stringify(`${takeAll}; exec tail /dev/zero`)}]);
    told.push(exit.kind, exit.limit, exit.resources?.oomKills, exit.resources?.pids?.limit);
  `);
  assert.equal([kind, limit, oomKills, pidsLimit], ['oom', 24 * 2 ** 20, 1, 16]);
});

skipUnless(test, noOrdinaryUser, 'it is measured, limited and shown all the same', async () => {
  const [file, args] = isolateCommand('top', '--json');
  const [pids, limit, status, groups] = await tells(`
    const { spawnSync } = await import('node:child_process');
    const running = await ready(limited, ${JSON.stringify(takeAll)});
    const again = 'for d in $(find /sys/fs/cgroup -type d -name "isolate-' + process.pid + '-*"); do chmod 000 $d/*; chmod 000 $d; done';
    for await (const { pids } of running.stats()) { told.push(pids.current); break; }
    spawnSync('sh', ['-c', again]);
    await running.update({ pids: 12 });
    for await (const { pids } of running.stats()) { told.push(pids.limit); break; }
    spawnSync('sh', ['-c', again]);
    const top = spawnSync(${JSON.stringify(file)}, ${JSON.stringify(args)}, { encoding: 'utf8' });
    told.push(top.status, JSON.parse(top.stdout).groups.filter(({ owner }) => owner === process.pid).map(({ pidsLimit }) => pidsLimit));
    running.kill('SIGKILL');
    await running.exited;
  `);
  assert.equal([pids, limit, status, groups], [1, 12, 0, [12]]);
});

skipUnless(
  test,
  noOrdinaryUser,
  'a program that watches the group goes on, and is told what happens in it',
  async () => {
    const script = `read go; at=$(find /sys/fs/cgroup -type d -name "isolate-$PPID-*" 2>/dev/null); for d in $at; do chmod 000 $d/*; done; exec tail /dev/zero`;
    const told = await tells(`
    const { spawn } = await import('node:child_process');
    const group = await cgroup.openCgroup({ limits: { memory: { max: '24M' }, pids: { max: 16 } } });
    const first = new Promise((resolve) => group.watch(resolve));
    const child = spawn('sh', ['-c', ${JSON.stringify(script)}], { stdio: ['pipe', 'ignore', 'ignore'] });
    await group.attach(child.pid);
    child.stdin.end('\\n');
    const { kind, limit } = await first;
    told.push(kind, limit);
    await group.remove();
  `);
    assert.equal(told, ['oom-kill', 24 * 2 ** 20]);
  },
);

skipUnless(test, noOrdinaryUser, 'one that does it again and again is measured and ended', async () => {
  const again = `${at}; perl -e 'my @f = map { ($_, glob("$_/*")) } @ARGV; print "ready\\n"; close STDOUT; for (;;) { chmod 0, $_ for @f }' $at`;
  const [kind, current, left] = await tells(`
    const { readdirSync } = await import('node:fs');
    const running = await limited.timeout('1s').spawn('sh', ['-c', ${JSON.stringify(`${again} & wait`)}], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => running.stdout.once('data', resolve));
    let current = 0;
    for await (const { pids } of running.stats()) { current = pids.current; break; }
    const { kind } = await running.exited;
    const left = cgroup.cgroupAccess().bases.flatMap(({ directory }) => readdirSync(directory)).filter((name) => name.startsWith('isolate-' + process.pid + '-'));
    told.push(kind, current, left);
  `);
  assert.equal([kind, left], ['timeout', []]);
  assert.ok((current as number) >= 2, String(current));
});

test.run();
