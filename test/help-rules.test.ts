// What an error says can be done about it: each rule is provoked here, and where it names a way out, that works.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, StepError } from '../src/index.js';
import { freshProcRefused, rootOnly, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { programOf, quoted, repository } from './helpers/program.js';

const noUser = userNamespacesRefused();
const noProc = noUser ?? freshProcRefused();
const folder = mkdtempSync(join(tmpdir(), 'isolate-help-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly syscall?: string;
  readonly code?: string;
  readonly help?: string;
  readonly message?: string;
}

/**
 * What goes wrong when `true` is run in each of these sandboxes, which are JavaScript, in a program that `before` was done
 * to: shell commands, in new namespaces.
 */
function tellInside(namespaces: string[], before: string, ...sandboxes: string[]): Told[] {
  const command = programOf(`
    const told = [];
    for (const box of [${sandboxes.join(', ')}]) {
      told.push(await box.run('true').then(() => ({}), ({ syscall, code, help, message }) => ({ syscall, code, help, message })));
    }
    console.log(JSON.stringify(told));
  `);
  const script = `set -e; ${before}; exec ${quoted(command)}`;
  const options = { encoding: 'utf8', cwd: repository } as const;
  const { stdout, stderr } = spawnSync('unshare', [...namespaces, 'sh', '-c', script], options);
  assert.is(stderr, '');
  return JSON.parse(stdout) as Told[];
}

/** The failure of a call, with its help in the message. */
function failsWith(told: Told | undefined, syscall: string, code: string, help: RegExp): void {
  assert.equal([told?.syscall, told?.code], [syscall, code], told?.message);
  assert.match(told?.help ?? 'no help', help);
  assert.ok(told?.message?.includes(`\n  help  ${told.help}\n`), told?.message);
}

skipUnless(test, noUser, 'clone3, ENOSPC: a limit on namespaces', () => {
  const before = 'echo 0 > /proc/sys/user/max_net_namespaces';
  const boxes = ["bare().unshare('user', 'net')", "bare().unshare('user', 'uts')"];
  const [net, uts] = tellInside(['--user', '--map-root-user'], before, ...boxes);
  failsWith(net, 'clone3', 'ENOSPC', /limit .*\/proc\/sys\/user\/max_\*_namespaces/);
  assert.equal(uts, {}, 'the limit is on those of the network alone');
});

skipUnless(test, noUser, 'clone3, EPERM: no user namespaces for this user', () => {
  // The user does not exist in the user namespace that it is in, and such a one may not make another.
  const [told] = tellInside(['--user'], 'true', "bare().unshare('user')");
  failsWith(told, 'clone3', 'EPERM', /^possible cause: .*user namespaces/);
});

skipUnless(test, noProc, 'mount, EPERM: parts of /proc are covered', () => {
  const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc'];
  const [fresh, none, shared] = tellInside(
    namespaces,
    'mount -t tmpfs none /proc/tty',
    "bare().unshare('user', 'mount', 'pid')",
    "bare().unshare('user', 'mount', 'pid').proc(false)",
    "bare().unshare('user', 'mount', 'pid').share('pid')",
  );
  failsWith(fresh, 'mount', 'EPERM', /^possible cause: .*\/proc are covered.*\.proc\(false\), or \.share\('pid'\)/);
  assert.equal([none, shared], [{}, {}], 'both ways out work');
});

test('execve, ENOEXEC: a script that does not name its interpreter', async () => {
  const script = join(folder, 'script');
  writeFileSync(script, 'echo it ran\n', { mode: 0o755 });
  const error = await bare()
    .run(script)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  assert.instance(error, StepError);
  failsWith(error as StepError as Told, 'execve', 'ENOEXEC', /#!\/bin\/sh/);
  writeFileSync(script, '#!/bin/sh\necho it ran\n', { mode: 0o755 });
  assert.is((await bare().run(script)).stdout, 'it ran\n', 'the way out works');
});

skipUnless(test, noUser, 'setresuid and setresgid, EINVAL: an id that is not mapped', () => {
  const [user, group] = tellInside(['--user', '--map-root-user'], 'true', 'bare().uid(1234)', 'bare().gid(1234)');
  failsWith(user, 'setresuid', 'EINVAL', /not mapped/);
  failsWith(group, 'setresgid', 'EINVAL', /not mapped/);
});

skipUnless(test, rootOnly() ?? noUser, 'openat, EACCES: a program that has changed its user', () => {
  const isolateTrue =
    "bare().unshare('user').run('true').then(() => ({}), ({ syscall, code, help, message }) => ({ syscall, code, help, message }))";
  const [file, args] = programOf(`
    process.setgid(1000);
    process.setuid(1000);
    const told = await ${isolateTrue};
    sys.prctl(sys.PR.SET_DUMPABLE, 1, 0, 0, 0);
    console.log(JSON.stringify([told, await ${isolateTrue}]));
  `);
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: repository });
  assert.is(stderr, '');
  const [told, mended] = JSON.parse(stdout) as Told[];
  failsWith(told, 'openat', 'EACCES', /changed its user.*PR_SET_DUMPABLE/);
  assert.equal(mended, {}, 'the way out works');
});

skipUnless(test, noUser, 'where nothing is known, nothing is said', () => {
  const box = "bare().unshare('user', 'mount', 'pid').proc('/no/such/directory')";
  const [told] = tellInside(['--user', '--map-root-user'], 'true', box);
  assert.equal([told?.syscall, told?.code, told?.help], ['mount', 'ENOENT', undefined]);
  assert.not.match(told?.message as string, 'help');
});

test.run();
