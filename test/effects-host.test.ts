// What a launch leaves as it was: the mounts of the host, and this program itself.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate } from '../src/index.js';
import { getegid, geteuid, getgroups, PR, prctl } from '../src/sys/index.js';
import { freshProcRefused, isRoot, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { output } from './helpers/inside.js';
import { programOf, repository } from './helpers/program.js';

const noUser = userNamespacesRefused();
const noProc = noUser ?? freshProcRefused();

skipUnless(test, noProc, 'no mount of a sandbox appears on the host, where mounts are shared', () => {
  const [file, args] = programOf(`
    const { readFileSync } = await import('node:fs');
    const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
    const before = mounts();
    const { exit, stdout, stderr } = await bare().unshare('mount', 'pid').run('cat', ['/proc/self/mountinfo']);
    console.log(JSON.stringify({ before, after: mounts(), inside: stdout, exit, stderr }));
  `);
  const shared = ['--user', '--map-root-user', '--mount', '--propagation', 'shared', file, ...args];
  const { stdout, stderr } = spawnSync('unshare', shared, { encoding: 'utf8', cwd: repository });
  const { before, after, inside, exit, ...told } = JSON.parse(stdout || `{ "stderr": ${JSON.stringify(stderr)} }`);
  assert.is(exit?.code, 0, told.stderr);
  assert.match(before, / shared:\d+ /, 'what is mounted in one place appears in the other');
  assert.not.match(inside, / shared:\d+ /);
  const procs = (mounts: string) => mounts.match(/ \/proc .* - proc /gm)?.length;
  assert.is(procs(inside), Number(procs(before)) + 1, 'a fresh proc was mounted');
  assert.is(after, before);
});

skipUnless(test, noProc, 'the mounts of this program stay as they are', async () => {
  const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
  const before = mounts();
  await Promise.all([isolate(), bare().unshare('user', 'mount', 'pid')].map((box) => output(box, 'true')));
  assert.is(mounts(), before);
});

const dumpable = () => prctl(PR.GET_DUMPABLE, 0, 0, 0, 0);
/** Boxes that change who the command is. */
const changing = isRoot
  ? [bare().uid(33), bare().gid(34).uid(33).groups(1, 2), bare().unshare('user').mapUsers('0:100000:10')]
  : [bare().unshare('user'), bare().unshare('user').mapRoot().uid(0).gid(0), bare().unshare('user').capabilities([])];

skipUnless(test, noUser, 'a command of another user leaves this program dumpable', async () => {
  assert.is(dumpable(), 1);
  for (const box of changing) {
    await output(box, 'true');
    assert.is(dumpable(), 1);
  }
});

skipUnless(test, noUser, 'many at once, some of which fail, leave it dumpable too', async () => {
  const started = Array.from({ length: 60 }, (_, i) => {
    const box = changing[i % changing.length] as (typeof changing)[0];
    return i % 4 === 3 ? box.cwd('/no/such/directory').run('true') : box.run('true');
  });
  const failed = (await Promise.allSettled(started)).filter(({ status }) => status === 'rejected').length;
  assert.is(failed, 15);
  assert.is(dumpable(), 1);
});

skipUnless(test, noUser, 'a program that is not dumpable stays so', async () => {
  const [file, args] = programOf(`
    const { PR, prctl } = sys;
    prctl(PR.SET_DUMPABLE, 0, 0, 0, 0);
    await bare()${isRoot ? '.uid(33)' : ''}.run('true');
    console.log(String(prctl(PR.GET_DUMPABLE, 0, 0, 0, 0)));
  `);
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository });
  assert.is(stdout, '0\n', stderr);
});

skipUnless(test, noProc, 'who this program is, and where, stays as it was', async () => {
  const self = () => ({
    ids: [geteuid(), getegid(), ...getgroups()],
    cwd: process.cwd(),
    mask: readFileSync('/proc/self/status', 'utf8').match(/^(Umask|NoNewPrivs|Cap\w+|SigBlk|SigIgn):.*$/gm),
    limits: readFileSync('/proc/self/limits', 'utf8'),
  });
  const before = self();
  const everything = isolate().umask(0o777).cwd('/').env({ A: 'b' }).hostname('box');
  await Promise.all([everything, ...changing].map((box) => output(box, 'true')));
  assert.equal(self(), before);
  assert.is(process.env.A, undefined);
});

test.run();
