// The bench itself: see run.ts, which starts it.
import { Heaps } from './heap.js';
import { describeHost } from './host.js';
import type { Ladder } from './ladder.js';
import { ladders } from './ladders.js';
import { liveCosts } from './live-cost.js';
import { idleDelay } from './many-at-once.js';
import { type Field, measure } from './measure.js';
import { type Options, readOptions } from './options.js';
import type { Peer } from './peer.js';
import { peers } from './peers.js';
import { buildPrograms, type Programs } from './programs.js';
import { report } from './report.js';
import { type CommandResults, type Results, writeResults } from './results.js';
import { stop, stopOnSignals, stoppedStatus } from './stop.js';
import { judge } from './targets.js';

/** Everything, one command after the other. */
async function bench({ commands, floor, missing }: Programs, options: Options): Promise<Results> {
  const unable = [...missing];
  const ableOf = async (all: readonly Peer[]): Promise<Peer[]> => {
    const able: Peer[] = [];
    for (const peer of all) {
      const reason = await peer.missing();
      await peer.end?.();
      if (reason === undefined) able.push(peer);
      else unable.push(`${peer.name} ${reason}`);
    }
    return able;
  };
  const able = await ableOf(peers);
  const climbed: Ladder[] = [];
  for (const { title, steps, beside } of ladders) {
    climbed.push({ title, steps: await ableOf(steps), beside: await ableOf(beside) });
  }
  const noMemory = Heaps.missing();
  if (noMemory !== undefined) unable.push(`the part with a big heap ${noMemory}`);
  const field: Field = { peers: able, ladders: climbed, floor, heaps: noMemory === undefined };

  const host = describeHost();
  const idle = await idleDelay();
  const results: CommandResults[] = [];
  for (const command of commands) {
    // With --quick the steps are taken with the smallest program alone: they show best there.
    const hasSteps = !options.quick || command === commands.at(-1);
    results.push(await measure(command, hasSteps ? field : { ...field, ladders: [] }, options));
  }
  const { costs, missing: notLive } = options.only === undefined ? await liveCosts() : { costs: [], missing: [] };
  if (results.every(isEmpty)) throw new Error(`nothing here has ${JSON.stringify(options.only)} in its name`);
  return { host, missing: [...unable, ...notLive], idle, commands: results, live: costs };
}

function isEmpty({ oneAtATime, manyAtOnce, heap, steps }: CommandResults): boolean {
  return oneAtATime.length + manyAtOnce.length + heap.length + steps.length === 0;
}

const [resultsFile = '', ...args] = process.argv.slice(2);
stopOnSignals();
try {
  const results = await bench(buildPrograms(), readOptions(args));
  const saved = writeResults(results, resultsFile);
  const judged = judge(results);
  const wanted = judged.length === 0 ? [] : ['', 'What the project wants of itself:', ...judged];
  console.log([report(results), ...wanted, '', saved].join('\n'));
} catch (error) {
  if (!stop.aborted) throw error;
  console.error('stopped: nothing is left running');
  process.exitCode = stoppedStatus();
} finally {
  process.disconnect?.();
}
