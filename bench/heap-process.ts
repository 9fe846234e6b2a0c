// A Node with a big heap, or with a small one, that starts commands when it is asked to: see heap.ts.
import { timeTurn } from './contestant.js';
import type { HeapTurn } from './heap.js';
import { peers } from './peers.js';

const mebibytes = Number(process.argv[2]);
/** Not zeros: each page is touched, and has to be copied or shared by a fork. */
const held = Array.from({ length: mebibytes }, () => Buffer.alloc(2 ** 20, 1));

process.on('SIGINT', () => {});
process.on('message', async ({ peer: name, command, count }: HeapTurn) => {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`there is no ${name}`);
  process.send?.(await timeTurn(peer, command, count));
});
process.on('disconnect', () => process.exit(held.length === mebibytes ? 0 : 1));
process.send?.('ready');
