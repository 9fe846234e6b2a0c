// A command from its start to its end: streams, descriptors, exit, signals, many at a time.
import assert from 'node:assert/strict';
import { everything, leftovers, linesOf } from '../library.mjs';

export const checks = {
  'what goes in by a pipe comes out by another': async () => {
    const child = await everything.spawn('cat', [], { stdio: 'pipe' });
    const text = 'line\n'.repeat(50_000);
    child.stdin.end(text);
    let received = '';
    for await (const chunk of child.stdout) received += chunk;
    assert.equal(received, text);
    const { kind, code, usage } = await child.exited;
    assert.deepEqual({ kind, code }, { kind: 'exited', code: 0 });
    assert.ok(usage.maxRSS > 0 && usage.minorPageFault > 0, JSON.stringify(usage));
  },
  'a fourth descriptor is a stream in both directions': async () => {
    const child = await everything.spawn('sh', ['-c', 'read line <&3; echo "got $line" >&3'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    child.stdio[3].write('this\n');
    let received = '';
    for await (const chunk of child.stdio[3]) received += chunk;
    assert.equal(received, 'got this\n');
    await child.exited;
  },
  'an exit status and a signal are told apart': async () => {
    const ended = await everything.run('sh', ['-c', 'exit 7']);
    assert.deepEqual([ended.exit.kind, ended.exit.code], ['exited', 7]);
    const child = await everything.share('pid', 'mount').spawn('sleep', ['1000'], { stdio: 'ignore' });
    assert.equal(child.kill('SIGTERM'), true);
    const exit = await child.exited;
    assert.deepEqual([exit.kind, exit.signal], ['signaled', 'SIGTERM']);
  },
  'sixteen at a time, and nothing is left of them': async () => {
    await everything.run('true');
    const before = leftovers();
    const all = Array.from({ length: 16 }, (_, i) => linesOf(everything.hostname(`box-${i}`), 'hostname; echo $$'));
    assert.deepEqual(
      await Promise.all(all),
      all.map((_, i) => [`box-${i}`, '1']),
    );
    assert.deepEqual(leftovers(), before);
  },
};
