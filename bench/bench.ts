// The bench itself: see run.ts, which starts it.
import { Heaps } from './heap.js';
import { describeHost } from './host.js';
import { idleDelay } from './many-at-once.js';
import { type Field, measure } from './measure.js';
import { type Options, readOptions } from './options.js';
import { type Peer, peers } from './peers.js';
import { buildPrograms, type Programs } from './programs.js';
import { report } from './report.js';
import { type CommandResults, type Results, writeResults } from './results.js';
import { stop, stopOnSignals, stoppedStatus } from './stop.js';
import { judge } from './targets.js';

/** Everything, one command after the other. */
async function bench({ commands, floor, missing }: Programs, options: Options): Promise<Results> {
  const able: Peer[] = [];
  const unable = [...missing];
  for (const peer of peers) {
    const reason = await peer.missing();
    if (reason === undefined) able.push(peer);
    else unable.push(`${peer.name} ${reason}`);
  }
  const noMemory = Heaps.missing();
  if (noMemory !== undefined) unable.push(`the part with a big heap ${noMemory}`);
  const field: Field = { peers: able, floor, heaps: noMemory === undefined };

  const host = describeHost();
  const idle = await idleDelay();
  const results: CommandResults[] = [];
  for (const command of commands) results.push(await measure(command, field, options));
  if (results.every(isEmpty)) throw new Error(`nothing here has ${JSON.stringify(options.only)} in its name`);
  return { host, missing: unable, idle, commands: results };
}

function isEmpty({ oneAtATime, manyAtOnce, heap }: CommandResults): boolean {
  return oneAtATime.length + manyAtOnce.length + heap.length === 0;
}

const [resultsFile = '', ...args] = process.argv.slice(2);
stopOnSignals();
try {
  const results = await bench(buildPrograms(), readOptions(args));
  const saved = writeResults(results, resultsFile);
  const judged = judge(results.commands);
  const wanted = judged.length === 0 ? [] : ['', 'What the project wants of itself:', ...judged];
  console.log([report(results), ...wanted, '', saved].join('\n'));
} catch (error) {
  if (!stop.aborted) throw error;
  console.error('stopped: nothing is left running');
  process.exitCode = stoppedStatus();
} finally {
  process.disconnect?.();
}
