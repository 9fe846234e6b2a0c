// A program that is in a group itself, and would end or remove that.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCgroup } from '../src/cgroup/index.js';
import { skipUnless } from './helpers/can.js';
import { layouts, noController } from './helpers/groups.js';
import { programOf, repository } from './helpers/program.js';

for (const { name, options } of layouts()) {
  skipUnless(test, noController('pids'), `a program does not kill itself with its own group (${name})`, async () => {
    const parent = await openCgroup({ ...options, name: `itself-${process.pid}`, limits: { pids: { max: 64 } } });
    const code = `
      const { spawn } = await import('node:child_process');
      const group = cgroup.findCgroup({ ...${JSON.stringify(options)}, name: ${JSON.stringify(parent.name)} });
      await group.attach(process.pid);
      const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const told = [];
      for (const act of [() => group.kill(), () => group.remove()]) {
        told.push(await act().then(() => 'done', ({ code, message }) => code + ' ' + message));
      }
      console.log(JSON.stringify({ told, isAlive: child.kill() }));
    `;
    const [file, args] = programOf(code);
    const { stdout, stderr } = spawnSync(file, args, { cwd: repository, encoding: 'utf8' });
    const { told, isAlive } = JSON.parse(stdout || JSON.stringify({ told: [stderr] }));
    for (const text of told) assert.match(text, /^EBUSY (.|\n)*this program is in it(.|\n)*another group/);
    assert.ok(isAlive, 'its child');
    await parent.remove();
    assert.not(parent.paths.some((path) => existsSync(path)));
  });
}

test.run();
