// Who the command is.
import assert from 'node:assert/strict';
import { everything, linesOf } from '../library.mjs';

export const checks = {
  'the caller is mapped to root, and to nobody else': async () => {
    const [users, groups, setgroups] = await linesOf(everything, 'cd /proc/self; cat uid_map gid_map setgroups');
    const fields = (line) => line.trim().split(/\s+/);
    assert.deepEqual(fields(users), ['0', String(process.geteuid()), '1']);
    assert.deepEqual(fields(groups), ['0', String(process.getegid()), '1']);
    assert.equal(setgroups, 'deny');
  },
  'it keeps the capabilities that are named': async () => {
    const [effective, ambient] = await linesOf(
      everything.capabilities(['NET_BIND_SERVICE', 'SYS_CHROOT']),
      "grep -E '^Cap(Eff|Amb)' /proc/self/status | cut -f2",
    );
    const mask = ((1n << 10n) | (1n << 18n)).toString(16).padStart(16, '0');
    assert.deepEqual([effective, ambient], [mask, mask]);
  },
  'this program is as it was: dumpable, with no signal blocked': async () => {
    const { prctl, PR, rt_sigprocmask, SIG_HOW } = (await import('../library.mjs')).sys;
    assert.equal(prctl(PR.GET_DUMPABLE, 0, 0, 0, 0), 1);
    assert.deepEqual(rt_sigprocmask(SIG_HOW.BLOCK, null), []);
  },
};
