// Who a command is: users, groups, capabilities, and what it can gain.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { Handshake } from '../src/builder/process/handshake.js';
import { thisHost } from '../src/builder/this-host.js';
import { bare, isolate, type Sandbox } from '../src/index.js';
import { handshakeValues } from '../src/ns/index.js';
import { capget, close, errno, fcntl_dupfd_cloexec, read, write } from '../src/sys/index.js';
import { either, freshProcRefused, isRoot, rootOnly, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { output, shell, statusInside } from './helpers/inside.js';
import { until } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

const noUser = userNamespacesRefused();
const noProc = noUser ?? freshProcRefused();
const [uid, gid] = [process.getuid?.() as number, process.getgid?.() as number];
const folder = mkdtempSync(join(tmpdir(), 'isolate-ids-'));
test.after(() => rmSync(folder, { recursive: true }));
const none = '0000000000000000';

const tidy = (map: string) => map.trim().replace(/ +/g, ' ').replace(/\n /g, '\n');
const idsOf = (sandbox: Sandbox) => shell(sandbox, 'id -u; id -g; id -G').then((text) => text.split('\n'));

skipUnless(test, noUser, 'in a new user namespace the caller stays who it is', async () => {
  assert.equal((await idsOf(bare().unshare('user'))).slice(0, 2), [String(uid), String(gid)]);
});

skipUnless(test, noUser, 'mapRoot() makes the caller root, and nobody else exists', async () => {
  const box = bare().unshare('user').mapRoot();
  assert.equal((await idsOf(box)).slice(0, 2), ['0', '0']);
  assert.is(tidy(await output(box, 'cat', '/proc/self/uid_map')), `0 ${uid} 1`);
  assert.is(tidy(await output(box, 'cat', '/proc/self/gid_map')), `0 ${gid} 1`);
  assert.is(await output(box, 'cat', '/proc/self/setgroups'), 'deny');
});

skipUnless(test, noUser, 'a map of the own id to another one', async () => {
  const box = bare().unshare('user').mapUsers(`500:${uid}:1`).mapGroups(`600:${gid}:1`);
  assert.equal((await idsOf(box)).slice(0, 2), ['500', '600']);
});

skipUnless(test, rootOnly(), 'another user of the host does not keep the groups of root', async () => {
  const before = process.getgroups?.() as number[];
  const groups = (sandbox: Sandbox) => output(sandbox, 'id', '-G');
  process.setgroups?.([4, 27]);
  try {
    assert.is(await groups(bare()), '0 4 27');
    assert.is(await groups(bare().uid(65534).gid(65534)), '65534');
    assert.is(await groups(bare().uid(65534)), '0');
    assert.is(await groups(bare().gid(65534)), '65534');
    assert.is(await groups(bare().uid(0)), '0 4 27');
    assert.is(await groups(bare().uid(65534).gid(65534).groups(4)), '65534 4');
  } finally {
    process.setgroups?.(before);
  }
});

skipUnless(test, noUser, 'what root inside creates belongs to the caller outside', async () => {
  await output(bare().unshare('user').mapRoot(), 'touch', join(folder, 'file'));
  const { uid: user, gid: group } = statSync(join(folder, 'file'));
  assert.equal([user, group], [uid, gid]);
});

skipUnless(test, rootOnly() ?? noUser, 'ranges of ids are those that were given', async () => {
  const box = bare().unshare('user').mapUsers('0:0:1', '1000:100000:1000').mapGroups('0:100000:65536');
  assert.is(tidy(await output(box, 'cat', '/proc/self/uid_map')), '0 0 1\n1000 100000 1000');
  assert.is(tidy(await output(box, 'cat', '/proc/self/gid_map')), '0 100000 65536');
  assert.is(await output(box, 'cat', '/proc/self/setgroups'), 'allow');
});

skipUnless(test, rootOnly() ?? noUser, 'a caller outside of the ranges becomes root of the inside', async () => {
  const box = bare().unshare('user', 'mount').mapUsers('0:100000:65536').mapGroups('0:100000:65536');
  assert.equal(await idsOf(box), ['0', '0', '0']);
  // Seen from the host it is the first user of the range: it has no right to what is root's.
  const { exit } = await box.run('cat', ['/etc/shadow']);
  assert.is(exit.kind === 'exited' && exit.code, 1);
});

skipUnless(test, rootOnly() ?? noUser, 'ids of the ranges can be chosen', async () => {
  const box = bare().unshare('user').mapUsers('0:0:1', '1000:100000:1000').mapGroups('0:0:2000');
  assert.equal(await idsOf(box.uid(1005).gid(100).groups(5, 6)), ['1005', '100', '100 5 6']);
  assert.is((await statusInside(box.uid(1005))).CapEff, none);
});

skipUnless(test, rootOnly(), 'root can run a command as any user of the host', async () => {
  assert.equal(await idsOf(bare().uid(33).gid(34).groups(35, 36)), ['33', '34', '34 35 36']);
  const { Uid, Gid, CapEff, CapPrm } = await statusInside(bare().uid(33).gid(34));
  assert.equal([Uid, Gid, CapEff, CapPrm], ['33\t33\t33\t33', '34\t34\t34\t34', none, none]);
  assert.is((await statusInside(bare().groups())).Groups?.trim(), '');
});

test('the own ids can be asked for without privilege', async () => {
  assert.equal((await idsOf(bare().uid(uid).gid(gid))).slice(0, 2), [String(uid), String(gid)]);
});

const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];

skipUnless(test, noProc, 'isolate() leaves no capabilities, in any set, and no way to gain any', async () => {
  const status = await statusInside(isolate());
  assert.equal(
    sets.map((set) => status[set]),
    sets.map(() => none),
  );
  assert.is(status.NoNewPrivs, '1');
});

skipUnless(test, noProc, 'isolate().mapRoot() has none either, though it is root', async () => {
  const status = await statusInside(isolate().mapRoot());
  assert.match(status.Uid as string, /^0\s/);
  assert.equal(
    sets.map((set) => status[set]),
    sets.map(() => none),
  );
});

const chownAndBind = '0000000000000401';

skipUnless(test, noUser, 'the capabilities that are kept are in every set, for any user', async () => {
  const box = bare().unshare('user').capabilities(['CHOWN', 'CAP_NET_BIND_SERVICE']);
  const status = await statusInside(box);
  assert.equal(
    sets.map((set) => status[set]),
    sets.map(() => chownAndBind),
  );
});

skipUnless(test, rootOnly(), 'the capabilities that are kept survive a change of user', async () => {
  const status = await statusInside(bare().uid(33).gid(33).capabilities(['CHOWN', 'NET_BIND_SERVICE']));
  assert.match(status.Uid as string, /^33\s/);
  assert.equal(
    sets.map((set) => status[set]),
    sets.map(() => chownAndBind),
  );
});

skipUnless(test, noUser, 'in a new user namespace everybody has every capability, until they are taken', async () => {
  const { CapEff } = await statusInside(bare().unshare('user').mapRoot());
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  assert.is(BigInt(`0x${CapEff}`), 2n ** BigInt(last + 1) - 1n);
});

test('without capabilities() they are not touched', async () => {
  const status = await statusInside(bare());
  assert.is(BigInt(`0x${status.CapEff}`), isRoot ? capget(0).effective : 0n);
  assert.is(status.NoNewPrivs, '0');
});

const program = join(folder, 'id');

/** Makes a set-user-ID program that tells whose rights it has. */
function suidRefused(): string | undefined {
  copyFileSync('/usr/bin/id', program);
  chmodSync(program, 0o4755);
  chmodSync(folder, 0o755);
  const { stdout } = spawnSync(program, ['-u'], { uid: 33, gid: 33, encoding: 'utf8' });
  return stdout === '0\n' ? undefined : `set-user-ID programs do not work below ${tmpdir()}`;
}

skipUnless(test, rootOnly() ?? suidRefused(), 'with noNewPrivs() a set-user-ID program gives nothing', async () => {
  const other = bare().uid(33).gid(33).groups();
  assert.is(await output(other, program, '-u'), '0');
  assert.is(await output(other.noNewPrivs(), program, '-u'), '33');
});

test('without it, NoNewPrivs is 0 and noNewPrivs() sets it to 1', async () => {
  assert.is((await statusInside(bare())).NoNewPrivs, '0');
  assert.is((await statusInside(bare().noNewPrivs())).NoNewPrivs, '1');
});

const setfcap = 31;
const inner = programOf('await isolate().proc(false).spawn("true", [], { stdio: "inherit" }).then((it) => it.exited);');

skipUnless(test, either(rootOnly(), noProc), 'root without CAP_SETFCAP maps no user 0, and is told so', async () => {
  const { stderr } = await isolate()
    .cwd(repository)
    .run(...inner);
  assert.match(stderr, /SpecError: unshare: .*CAP_SETFCAP/);
  const { uid, gid, capabilities, ...others } = thisHost();
  const { spec } = bare().unshare('user');
  const compiled = (host: { capabilities: bigint; rootMapTakesSetfcap: boolean }) => () =>
    compile(spec, { file: 'true', args: [] }, { ...others, uid, gid, ...host });
  const without = capabilities & ~(1n << BigInt(setfcap));
  assert.throws(compiled({ capabilities: without, rootMapTakesSetfcap: true }), /CAP_SETFCAP/);
  assert.not.throws(compiled({ capabilities: without, rootMapTakesSetfcap: false }));
});

skipUnless(
  test,
  either(rootOnly(), noProc),
  'a sandbox that keeps CAP_SETFCAP can have another one inside',
  async () => {
    const { stderr, exit } = await isolate()
      .cwd(repository)
      .capabilities(['SETFCAP'])
      .run(...inner);
    assert.is(exit.kind === 'exited' && exit.code, 0, stderr);
  },
);

test('where the maps cannot be written the child sees the end of the line, also while others hold copies of it', async () => {
  const handshake = new Handshake([write.step(987_654, '')], () => process.pid);
  const { values } = handshake;
  const copy = fcntl_dupfd_cloexec(values[handshakeValues.parentEnd] as number, 0);
  const childEnd = values[handshakeValues.childEnd] as number;
  write(childEnd, '?');
  await until(() => childEndOf(childEnd) === 'ended', 'the child sees it');
  assert.is(handshake.end()?.errno, errno.EBADF);
  close(copy);
});

/** What the child would find: nothing yet, or the end. */
function childEndOf(fd: number): 'open' | 'ended' {
  try {
    return read(fd, 1).length === 0 ? 'ended' : 'open';
  } catch {
    return 'open';
  }
}

test.run();
