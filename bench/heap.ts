import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './contestant.js';
import { track } from './stop.js';

/** What a Node is asked to do. */
export interface HeapTurn {
  readonly peer: string;
  readonly command: string;
  readonly count: number;
}

export const bigMebibytes = 1024;
export const smallHeap = 'small heap';
export const bigHeap = '1 GiB touched';

/** Two Nodes that differ in what they hold in memory, and take turns. */
export class Heaps implements AsyncDisposable {
  readonly #nodes: ReadonlyMap<string, ChildProcess>;

  private constructor(nodes: ReadonlyMap<string, ChildProcess>) {
    this.#nodes = nodes;
  }

  /** Why they cannot be measured here, or undefined. */
  static missing(): string | undefined {
    const free = Math.floor(freemem() / 2 ** 20);
    return free < 2 * bigMebibytes ? `needs ${2 * bigMebibytes} MiB of free memory: there are ${free}` : undefined;
  }

  static async open(): Promise<Heaps> {
    const sizes = [
      [smallHeap, 0],
      [bigHeap, bigMebibytes],
    ] as const;
    return new Heaps(new Map(await Promise.all(sizes.map(async ([name, size]) => [name, await start(size)] as const))));
  }

  /** One contestant for each size. */
  contestants(peer: string, command: string): Contestant[] {
    return [...this.#nodes].map(([size, node]) => ({
      name: heapName(peer, size),
      turn: async (count) => {
        node.send({ peer, command, count } satisfies HeapTurn);
        return (await answer(node)) as number[];
      },
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#nodes.values()].map(async (node) => {
        if (node.exitCode !== null || node.signalCode !== null) return;
        const exit = once(node, 'exit');
        node.disconnect();
        await exit;
      }),
    );
  }
}

export const heapName = (peer: string, size: string): string => `${peer}, ${size}`;

async function start(mebibytes: number): Promise<ChildProcess> {
  const node = fork(fileURLToPath(new URL('heap-process.js', import.meta.url)), [String(mebibytes)]);
  const untrack = track(node);
  node.once('exit', untrack);
  await answer(node);
  return node;
}

/** The next message, or an error when there will be none. */
async function answer(node: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  const exit = once(node, 'exit', { signal: gone.signal }).then(([code, signal]) => {
    throw new Error(`a Node of the bench ended with ${signal ?? code}`);
  });
  try {
    const [message] = await Promise.race([once(node, 'message', { signal: gone.signal }), exit]);
    return message;
  } finally {
    exit.catch(() => {});
    gone.abort();
  }
}
