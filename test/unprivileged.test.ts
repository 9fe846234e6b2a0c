// What root's tests show is shown again as a user without privileges: the tests run once more, as user 1000.
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandMissing, either, rootOnly, skipUnless } from './helpers/can.js';
import { repository } from './helpers/program.js';

const asUser = (...command: string[]) => {
  const args = ['--reuid', '1000', '--regid', '1000', '--clear-groups', ...command];
  return spawnSync('setpriv', args, { encoding: 'utf8', cwd: repository, env: { ...process.env, NO_COLOR: '1' } });
};

/** Another user may not be let into the folder of this one. */
function repositoryClosed(): string | undefined {
  const tried = asUser(process.execPath, '--import', 'tsx', '--eval', '');
  return tried.status === 0 ? undefined : `user 1000 cannot run what is in ${repository}`;
}

const reason = either(rootOnly(), commandMissing('setpriv')) ?? repositoryClosed();

for (const name of ['cli', 'effects-clock', 'effects-host', 'effects-ids', 'effects-namespaces', 'effects-process']) {
  skipUnless(test, reason, `${name}, as user 1000`, () => {
    const { status, stdout, stderr } = asUser(process.execPath, '--import', 'tsx', `test/${name}.test.ts`);
    assert.is(status, 0, stdout + stderr);
    assert.match(stdout, /Passed: +[1-9]/);
  });
}

test.run();
