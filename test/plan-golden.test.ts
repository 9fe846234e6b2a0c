// What is compiled from a spec, for a made-up host: needs no privileges and touches nothing. UPDATE_GOLDEN=1 writes the
// golden files again.
import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../src/builder/compile/compile.js';
import { explain } from '../src/builder/explain.js';
import type { Host } from '../src/builder/spec/host.js';
import { bare, isolate, type Sandbox } from '../src/index.js';
import { namespaceKinds } from '../src/ns/index.js';
import { matchesJson, matchesText } from './helpers/golden.js';

const user: Host = {
  uid: 1000,
  gid: 1000,
  capabilities: 0n,
  lastCapability: 40,
  environment: { PATH: '/usr/bin:/bin' },
  ignoredSignals: [13, 25],
  argumentLimit: 2 ** 21,
  namespaces: namespaceKinds,
  timeEntersAtExec: true,
  setgroupsAllowed: true,
  rootMapTakesSetfcap: true,
  cwd: '/home/user',
};
const root: Host = { ...user, uid: 0, gid: 0, capabilities: 2n ** 41n - 1n };
const before63 = { timeEntersAtExec: false } as const;

const seven = ['user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;
const clocks = { monotonic: 3600, boottime: -0.5 };

const plans: Record<string, [sandbox: Sandbox, host: Host]> = {
  bare: [bare(), user],
  ...Object.fromEntries(
    namespaceKinds.map((kind) => [`unshare-${kind}`, [bare().unshare('user', kind), user] as [Sandbox, Host]]),
  ),
  'safe-default': [isolate(), user],
  'map-root': [
    bare()
      .unshare(...seven)
      .mapRoot()
      .hostname('box'),
    user,
  ],
  'proc-elsewhere': [bare().unshare('user', 'mount', 'pid').proc('/mnt'), user],
  'proc-nowhere': [bare().unshare('user', 'mount', 'pid').proc(false), user],
  'network-and-names': [bare().unshare('net', 'uts').loopback().hostname('box').domainname('example.org'), root],
  'map-range-of-others': [bare().unshare('user', 'mount').mapUsers('0:100000:65536').mapGroups('0:100000:65536'), root],
  'map-ranges': [
    bare().unshare('user').mapUsers('0:0:1', '1000:100000:1000').mapGroups('0:0:2000').uid(1005).gid(100).groups(5, 6),
    root,
  ],
  'clock-at-exec': [bare().unshare('user', 'pid', 'mount').clock(clocks), user],
  'clock-by-clone': [bare().unshare('user', 'pid', 'mount').clock(clocks), { ...user, ...before63 }],
  'ids-of-host': [bare().uid(33).gid(34).groups(35, 36), root],
  'capabilities-kept': [bare().uid(33).capabilities(['NET_BIND_SERVICE', 'CAP_CHOWN']), root],
  'capabilities-none-without-privilege': [bare().capabilities([]).noNewPrivs(), user],
  'all-of-life': [bare().umask(0o027).cwd('/srv').argv0('name').newSession().noNewPrivs().dieWithParent(), user],
  'stdio-pipes': [bare().stdio('pipe'), user],
  'stdio-swapped': [bare().stdio([1, 0, 2]), user],
  'stdio-extra': [bare().stdio(['ignore', 'inherit', 'ignore', 'pipe', 'inherit', 9]), user],
  'stdio-dense': [bare().stdio([3, 4, 5, 0, 1, 'pipe']), user],
};

const compiled = ([sandbox, host]: [Sandbox, Host]) =>
  compile(sandbox.spec, { file: 'sh', args: ['-c', 'exit 3'] }, host);

for (const [name, given] of Object.entries(plans)) {
  test(`the plan "${name}" is what it was`, () => matchesJson(`plan-${name}.json`, compiled(given)));
}

for (const name of ['safe-default', 'map-range-of-others', 'clock-by-clone', 'stdio-dense']) {
  test(`the plan "${name}" is explained as it was`, () => {
    matchesText(`explain-${name}.txt`, explain(compiled(plans[name] as [Sandbox, Host])));
  });
}

test('every golden plan is of a test', () => {
  const files = readdirSync(new URL('golden/', import.meta.url)).filter((file) => file.startsWith('plan-'));
  assert.equal(
    files.sort(),
    Object.keys(plans)
      .map((name) => `plan-${name}.json`)
      .sort(),
  );
});

test('a plan is a function of its spec, command and host alone', () => {
  for (const given of Object.values(plans)) {
    assert.equal(JSON.stringify(compiled(given)), JSON.stringify(compiled(given)));
  }
});

test('what a step refers to comes before it', () => {
  for (const [name, given] of Object.entries(plans)) {
    for (const { index, args } of compiled(given).toJSON().steps) {
      for (const [, place] of args.join(' ').matchAll(/#(\w+)/g)) {
        assert.ok(Number(place) < index, `${name}: step ${index} refers to #${place}`);
      }
    }
  }
});

test.run();
