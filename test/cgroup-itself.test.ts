// A program that is in a group itself, and would end, stop or remove that.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { canFreeze } from '../src/cgroup/freeze.js';
import { skipUnless } from './helpers/can.js';
import { layouts, noController, withGroup } from './helpers/groups.js';
import { programOf, repository } from './helpers/program.js';

for (const { name, options } of layouts()) {
  const group = { ...options, name: `itself-${process.pid}`, limits: { pids: { max: 64 } } };

  skipUnless(test, noController('pids'), `a program does not kill itself with its own group (${name})`, () =>
    withGroup(group, async (group) => {
      const { told, isAlive } = await whatIsRefused(group.name, ['kill', 'remove']);
      for (const text of told) assert.match(text, /^EBUSY (.|\n)*this program is in it(.|\n)*another group/);
      assert.is(told.length, 2, told.join());
      assert.ok(isAlive, 'its child');
    }),
  );

  skipUnless(test, noController('pids'), `nor does it stop itself, for ever (${name})`, () =>
    withGroup(group, async (group) => {
      if (!canFreeze(group.parts)) return console.log('skipped: there is no freezer');
      // What v1 has frozen ends when it goes on.
      const tooLong = setTimeout(() => void group.thaw(), 10_000);
      const { told } = await whatIsRefused(group.name, ['freeze']);
      clearTimeout(tooLong);
      assert.match(told.join(), /^EBUSY freeze (.|\n)*this program is in it(.|\n)*another group/);
    }),
  );

  /** What a program that has moved itself into a group is told. */
  async function whatIsRefused(
    name: string,
    actions: readonly string[],
  ): Promise<{ told: string[]; isAlive: boolean }> {
    const [file, args] = programOf(`
      const { spawn } = await import('node:child_process');
      const group = cgroup.findCgroup({ ...${JSON.stringify(options)}, name: ${JSON.stringify(name)} });
      await group.attach(process.pid);
      const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const told = [];
      for (const action of ${JSON.stringify(actions)}) {
        told.push(await group[action]().then(() => 'done', ({ code, message }) => code + ' ' + message));
      }
      console.log(JSON.stringify({ told, isAlive: child.kill() }));
    `);
    const { stdout } = await promisify(execFile)(file, args, { cwd: repository });
    return JSON.parse(stdout);
  }
}

test.run();
