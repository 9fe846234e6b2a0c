// What only root may do.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { bare, errorOf, everything, kinds, linesOf, ns, sys } from '../library.mjs';

export const checks = {
  'each namespace alone, without a user namespace': async () => {
    for (const kind of kinds.filter((kind) => kind !== 'user')) {
      const { file } = ns.namespaces[kind];
      const [inside] = await linesOf(bare().unshare(kind), `readlink /proc/self/ns/${file}`);
      const [outside] = await linesOf(bare(), `readlink /proc/self/ns/${file}`);
      if (kind !== 'pid') assert.notEqual(inside, outside, kind);
    }
    const [pid] = await linesOf(bare().unshare('pid'), 'echo $$');
    assert.equal(pid, '2');
  },
  'maps of many ids, which the parent writes while the child waits': async () => {
    const sandbox = bare()
      .unshare(...kinds)
      .mapUsers('0:100000:1000')
      .mapGroups('0:200000:1000')
      .uid(33)
      .gid(44)
      .groups(55);
    const [uid, gid, groups] = await linesOf(sandbox, 'id -u; id -g; grep ^Groups: /proc/self/status | cut -f2');
    assert.deepEqual([uid, gid, groups.trim()], ['33', '44', '55']);
    const child = await sandbox.spawn('sleep', ['1000'], { stdio: 'ignore' });
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\s+100033\s/m);
    assert.match(status, /^Gid:\s+200044\s/m);
    child.kill('SIGKILL');
    await child.exited;
  },
  'another user, on this thread and on others, leaves this program dumpable': async () => {
    const sandbox = bare().uid(1000).gid(1000).groups();
    const all = await Promise.all(Array.from({ length: 8 }, () => linesOf(sandbox, 'id -u; id -g')));
    assert.deepEqual(all, Array(8).fill(['1000', '1000']));
    assert.equal(sys.prctl(sys.PR.GET_DUMPABLE, 0, 0, 0, 0), 1);
  },
  'clone3 itself is refused where the limit on namespaces is 0': async () => {
    const limit = '/proc/sys/user/max_uts_namespaces';
    const before = readFileSync(limit, 'utf8');
    writeFileSync(limit, '0');
    try {
      const error = await errorOf(everything.hostname('box').run('true'));
      assert.deepEqual([error.syscall, error.code, error.errno, error.where], ['clone3', 'ENOSPC', -28, 'parent']);
    } finally {
      writeFileSync(limit, before);
    }
  },
};
