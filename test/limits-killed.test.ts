// Programs that are killed while they start commands with limits, and while those run: what they leave is removed by the next program.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCgroup } from '../src/cgroup/index.js';
import { bare } from '../src/index.js';
import { either, skipUnless } from './helpers/can.js';
import { runIsolate } from './helpers/command-lines.js';
import { layouts, noController, soon } from './helpers/groups.js';
import { groupsOf, noOwnGroups } from './helpers/own-groups.js';
import { isAlive } from './helpers/processes.js';
import { programOf, repository } from './helpers/program.js';

const noPids = either(noOwnGroups, noController('pids', 'memory'));
/** One processor takes its time to start so many. */
const [rounds, programsAtOnce] = availableParallelism() < 2 ? [2, 3] : [3, 5];

/**
 * A program that starts commands and ends them, four at a time, until it is killed. A word is in its own command line and in those of all
 * that it starts.
 *
 * @returns its process id.
 */
async function killedAtAnyMoment(word: string): Promise<number> {
  const code = `
    const limited = bare().limits({ pids: 8, memory: '32M' });
    const lane = async (pause) => {
      for (;;) await limited.timeout(pause).run('sh', ['-c', 'sleep 1000 & sleep 1000; : ${word}']);
    };
    const lanes = [1, 20, 50, 1000].map(lane);
    console.log('begun');
    await Promise.all(lanes);
  `;
  const [file, args] = programOf(code);
  const program = spawn(file, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(program, 'exit');
  await once(program.stdout, 'data');
  await setTimeout(Math.random() * 150);
  program.kill('SIGKILL');
  await ended;
  return program.pid as number;
}

/** The processes whose command line has a word in it. */
function withWord(word: string): number[] {
  const has = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && has(name))
    .map(Number)
    .filter(isAlive);
}

/** What removes it. */
const removers: [name: string, remove: () => Promise<unknown>][] = [
  [
    'the first command with limits of the next program',
    async () => {
      const [file, args] = programOf("await bare().limits({ pids: 8 }).run('true')");
      const [status] = await once(spawn(file, args, { cwd: repository, stdio: 'inherit' }), 'exit');
      assert.is(status, 0);
    },
  ],
  ['isolate gc', async () => assert.is(runIsolate(['gc']).status, 0)],
];

for (const [name, remove] of removers) {
  skipUnless(test, noPids, `programs that are killed at any moment leave nothing after ${name}`, async () => {
    await using group = await openCgroup({ ...layouts()[0]?.options, name: `kept-${process.pid}` });
    await using living = await bare().limits({ pids: 8 }).spawn('sleep', ['1000'], { stdio: 'ignore' });
    const [own] = groupsOf(process.pid);
    let timesLeft = 0;
    for (let round = 0; round < rounds; round++) {
      const word = randomUUID();
      const programs = await Promise.all(Array.from({ length: programsAtOnce }, () => killedAtAnyMoment(word)));
      const left = () => programs.flatMap(groupsOf);
      if (left().length > 0) timesLeft++;
      await remove();
      assert.equal(left(), []);
      await soon(() => withWord(word).length === 0, `the end of ${withWord(word)}`);
      assert.ok(isAlive(living.pid) && groupsOf(process.pid).includes(own as string), 'that of a living program');
    }
    // Any other program that makes its first group at this moment removes it, too.
    assert.ok(timesLeft > 0, 'nothing was left in the first place');
    assert.ok(group.paths.every((path) => readdirSync(path).length > 0));
  });
}

test.run();
