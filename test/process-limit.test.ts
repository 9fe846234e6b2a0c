// A limit on processes that is reached: clone3 fails after the kernel has written down a descriptor, and takes that back.
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { layouts, noController, startIn, withGroup } from './helpers/groups.js';
import { programOf, quoted } from './helpers/program.js';

/** Starts commands in all ways with no room for a process more, and tells what became of them, and of what is none of theirs. */
const code = (limit: string) => `
  const { spawn } = await import('node:child_process');
  const { closeSync, fstatSync, openSync, readFileSync, writeFileSync } = await import('node:fs');
  const limit = ${JSON.stringify(limit)};
  const box = await isolate().stdio('ignore').open();
  const quiet = isolate().stdio('ignore');
  const ways = {
    bare: () => bare().stdio('ignore').spawn('true'),
    isolate: () => quiet.spawn('true'),
    asPid1: () => quiet.asPid1().spawn('true'),
    box: () => box.spawn('true'),
    open: () => quiet.open(),
    aborted: () => {
      const aborting = new AbortController();
      setTimeout(() => aborting.abort(), 1);
      return quiet.spawn('true', [], { signal: aborting.signal });
    },
  };
  const told = {};
  for (const start of [ways.bare, ways.isolate, ways.asPid1, ways.box]) await (await start()).exited;
  const neighbour = spawn('sleep', ['1000'], { stdio: 'ignore' });
  writeFileSync(limit, readFileSync(limit.replace('pids.max', 'pids.current'), 'utf8').trim());
  for (const [name, start] of Object.entries(ways)) {
    const failed = start().then(() => undefined, (error) => error);
    // The thread fails meanwhile; the numbers that were free then are those of others when this program hears of it.
    for (const began = performance.now(); performance.now() - began < 50; );
    const pidfds = Array.from({ length: 10 }, () => sys.pidfd_open(neighbour.pid, 0));
    const files = Array.from({ length: 10 }, () => openSync('/dev/null'));
    const error = await failed;
    const isOpen = (fd) => { try { return fstatSync(fd) !== undefined; } catch { return false; } };
    told[name] = [error?.name, error?.syscall, error?.code, [...pidfds, ...files].every(isOpen), neighbour.signalCode];
    for (const fd of pidfds) sys.close(fd);
    for (const fd of files) closeSync(fd);
  }
  writeFileSync(limit, 'max');
  told.again = (await quiet.run('true')).exit.kind;
  neighbour.kill('SIGKILL');
  await box.close();
  console.log(JSON.stringify(told));
`;

for (const { name, options } of layouts()) {
  skipUnless(
    test,
    either(noController('pids'), either(userNamespacesRefused(), freshProcRefused())),
    `no room for a process: the error is that of clone3, and what is none of ours is left alone (${name})`,
    () =>
      withGroup({ ...options, controllers: ['pids'] }, async (group) => {
        const limit = group.paths.map((path) => `${path}/pids.max`).find((path) => existsSync(path)) as string;
        const { ended } = await startIn(group, quoted(programOf(code(limit))));
        const { stdout, stderr } = await ended;
        const refused = ['StepError', 'clone3', 'EAGAIN', true, null];
        const told = JSON.parse(stdout || JSON.stringify(stderr));
        const { aborted, ...others } = told;
        assert.equal(others, {
          bare: refused,
          isolate: refused,
          asPid1: refused,
          box: refused,
          open: refused,
          again: 'exited',
        });
        assert.ok(
          aborted[3] && aborted[4] === null && ['StepError', 'AbortError'].includes(aborted[0]),
          JSON.stringify(aborted),
        );
      }),
  );
}

test.run();
