// What a start costs, beside its peers, in one run: npm run bench -- [--quick] [--only WORD]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { layOut } from './lay-out.js';
import { readOptions } from './options.js';

let bench: ChildProcess | undefined;
let stopped: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopped = signal;
    bench?.kill(signal);
  });
}

const args = process.argv.slice(2);
readOptions(args);
const here = fileURLToPath(new URL('.', import.meta.url));
const { folder, remove } = layOut(here);
try {
  // A loader for TypeScript adds half as much again to the memory of a Node, and with it to the price of each of its forks:
  // the bench runs in a plain one.
  if (stopped === undefined)
    bench = fork(`${folder}/bench.js`, [`${here}results/latest.json`, ...args], { execArgv: [] });
  const [code] = bench === undefined ? [] : await once(bench, 'exit');
  process.exitCode = code ?? (stopped === undefined ? 1 : 128 + constants.signals[stopped]);
} finally {
  remove();
}
