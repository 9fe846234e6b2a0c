// A command from its start to its end: streams, descriptors, exit, signals, many at a time.
import assert from 'node:assert/strict';
import { bare, everything, leftovers, linesOf } from '../library.mjs';

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
  'as process 1, without an init': async () => {
    assert.deepEqual(await linesOf(everything.asPid1(), 'echo $$ /proc/[0-9]*'), ['1 /proc/1']);
  },
  'init: the status of the command, whatever its orphans end with; signals are passed on': async () => {
    const ended = await everything.run('sh', ['-c', '(sleep 0.1; exit 53) & exit 35']);
    assert.deepEqual([ended.exit.kind, ended.exit.code], ['exited', 35]);
    const script = 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done';
    const child = await everything.spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const _ of child.stdout) {
      child.kill('SIGSTOP');
      child.kill('SIGCONT');
      child.kill('SIGUSR1');
      break;
    }
    const exit = await child.exited;
    assert.deepEqual([exit.kind, exit.code], ['exited', 9]);
  },
  'a box: commands join it, fail in it, and go with it': async () => {
    const before = leftovers();
    const box = await everything.hostname('kept').open();
    const { stdout, exit } = await box.run('sh', ['-c', 'hostname; cat /proc/1/comm; exit 3']);
    assert.deepEqual([stdout, exit.code], ['kept\nisolate-init\n', 3]);
    await assert.rejects(box.run('no-such-command'), { reason: 'command-not-found' });
    const child = await box.spawn('sleep', ['1000'], { stdio: 'ignore' });
    await box.close();
    assert.equal((await child.exited).signal, 'SIGKILL');
    assert.deepEqual(leftovers(), before);
  },
  'namespaces of another process, and a terminal in them': async () => {
    const other = await everything.hostname('other').spawn('sleep', ['1000'], { stdio: 'ignore' });
    const { stdout } = await bare()
      .join(other.pid)
      .run('sh', ['-c', 'hostname; test -t 0 && echo a terminal'], { tty: true });
    assert.equal(stdout, 'other\r\na terminal\r\n');
    await other[Symbol.asyncDispose]();
  },
  'a socket is handed over with the pid that is meant': async () => {
    const [line] = await linesOf(everything.listen({ fd: 0 }), 'test $LISTEN_PID = $$ && echo $LISTEN_FDS');
    assert.equal(line, '1');
  },
  'sixteen at a time, and nothing is left of them': async () => {
    await everything.run('true');
    const before = leftovers();
    const all = Array.from({ length: 16 }, (_, i) => linesOf(everything.hostname(`box-${i}`), 'hostname; echo $$'));
    assert.deepEqual(
      await Promise.all(all),
      all.map((_, i) => [`box-${i}`, '2']),
    );
    assert.deepEqual(leftovers(), before);
  },
};
