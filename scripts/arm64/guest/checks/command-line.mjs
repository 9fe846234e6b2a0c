// The isolate command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const program = '/machine/project/dist/cli/main.js';
const isolate = (...args) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

export const checks = {
  'isolate run: the output and the status of the command': () => {
    const { stdout, stderr, status } = isolate('run', '--hostname', 'box', '--', 'sh', '-c', 'hostname; exit 7');
    assert.deepEqual({ stdout, stderr, status }, { stdout: 'box\n', stderr: '', status: 7 });
  },
  'isolate run: 127 for a command that is not found': () => {
    const { stderr, status } = isolate('run', '--', 'no-such-command');
    assert.equal(status, 127);
    assert.match(stderr, /no-such-command/);
  },
};
