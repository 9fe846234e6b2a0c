// A thousand commands with limits, with all kinds of ends and many at a time: none of them leaves anything.
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, StepError } from '../src/index.js';
import { either, skipUnless } from './helpers/can.js';
import { noController } from './helpers/groups.js';
import { children, openDescriptors } from './helpers/host-state.js';
import { howItEnded } from './helpers/how-it-ended.js';
import { groupsOf, noOwnGroups } from './helpers/own-groups.js';

const noLimits = either(noOwnGroups, noController('memory', 'pids', 'cpu'));
const limited = bare().limits({ memory: '32M', pids: 8, cpus: 1 });
const random = (most: number) => 1 + Math.floor(Math.random() * most);

const errorOf = (promise: Promise<unknown>): Promise<Error | undefined> =>
  promise.then(
    () => undefined,
    (error) => error,
  );

/** What comes out, of each kind of end. */
const ends: Readonly<Record<string, () => Promise<unknown>>> = {
  exited: async () => (await limited.run('true')).exit.kind,
  'command-not-found': async () => {
    const error = await errorOf(limited.run('/no/such/command'));
    return error instanceof StepError ? error.reason : error;
  },
  'a fork is refused': async () => {
    const { exit, stderr } = await limited
      .limits({ pids: 1 })
      .run('sh', ['-c', 'sleep 9 & sleep 9 & wait'], { maxBuffer: 4096 });
    return howItEnded(exit) !== 'exit 0' && /fork|temporarily/.test(stderr) ? 'a fork is refused' : { exit, stderr };
  },
  timeout: async () => (await limited.timeout(random(30)).run('sleep', ['1000'])).exit.kind,
  AbortError: async () => {
    const stop = new AbortController();
    const error = errorOf(limited.run('sleep', ['1000'], { signal: stop.signal }));
    void setTimeout(random(30)).then(() => stop.abort());
    return (await error)?.name;
  },
  signaled: async () => {
    const running = await limited.spawn('sh', ['-c', 'sleep 1000 & wait'], { stdio: 'ignore' });
    running.kill('SIGTERM');
    return (await running.exited).kind;
  },
};

/** Ends that take a machine longer, and so are fewer. */
const outOfMemory = async () => (await limited.limits({ memory: '4M' }).run('tail', ['/dev/zero'])).exit.kind;

skipUnless(test, noLimits, '1,000 of them, 64 at a time, leave no group, no process, no descriptor', async () => {
  await limited.run('true');
  const before = { descriptors: openDescriptors().length, children: children() };
  const kinds = Object.entries(ends);
  let next = 0;
  const lane = async () => {
    for (let id = next++; id < 1000; id = next++) {
      const [kind, end] = id % 50 === 49 ? ['oom', outOfMemory] : (kinds[id % kinds.length] as (typeof kinds)[0]);
      assert.is(await (end as () => Promise<unknown>)(), kind);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: 64 }, lane));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  assert.equal(groupsOf(process.pid), []);
  assert.equal({ descriptors: openDescriptors().length, children: children() }, before);
});

test.run();
