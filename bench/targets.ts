import { boxOfDefault, poolOfDefault } from './box-peers.js';
import { built, builtByBubblewrap } from './build-sandbox.js';
import { floorSeven } from './floor.js';
import { bigHeap, heapName, smallHeap } from './heap.js';
import type { Host } from './host.js';
import { withLimits, withoutLimits } from './limits.js';
import type { Times } from './one-at-a-time.js';
import { bubblewrap, plain, seven } from './peers.js';
import { finder } from './report.js';
import type { CommandResults, LadderTimes, Results } from './results.js';

interface Target {
  readonly name: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Why it is not a target on a host: it is measured there all the same. */
  notHere?(host: Host): string | undefined;
  /** NaN where a side of the comparison was not measured. */
  ratio(results: CommandResults): number;
}

const targets: readonly Target[] = [
  {
    name: "seven namespaces, one at a time: median time / child_process.spawn's",
    atMost: 1,
    ratio: ({ oneAtATime }) => quotient(finder(oneAtATime), seven, plain, ({ median }) => median),
  },
  {
    name: "seven namespaces, one at a time: median time / the C floor's",
    atMost: 1.35,
    ratio: ({ oneAtATime }) => quotient(finder(oneAtATime), seven, floorSeven, ({ median }) => median),
  },
  {
    name: "seven namespaces, 32 at a time: starts per second / child_process.spawn's",
    atLeast: 1.3,
    ratio: ({ manyAtOnce }) => quotient(finder(manyAtOnce), seven, plain, ({ perSecond }) => perSecond),
  },
  {
    name: "seven namespaces, 32 at a time: starts per second / bwrap's",
    atLeast: 3,
    ratio: ({ manyAtOnce }) => quotient(finder(manyAtOnce), seven, bubblewrap, ({ perSecond }) => perSecond),
  },
  {
    name: "seven namespaces, 32 at a time: p99 of the loop's delay / child_process.spawn's",
    atMost: 0.1,
    ratio: ({ manyAtOnce }) => quotient(finder(manyAtOnce), seven, plain, ({ delay }) => delay.p99),
  },
  {
    name: "in an open box, one at a time: median time / child_process.spawn's",
    atMost: 0.65,
    ratio: ({ oneAtATime }) => quotient(finder(oneAtATime), boxOfDefault, plain, ({ median }) => median),
  },
  {
    name: "from a pool, one at a time: median time / child_process.spawn's",
    atMost: 0.65,
    ratio: ({ oneAtATime }) => quotient(finder(oneAtATime), poolOfDefault, plain, ({ median }) => median),
  },
  {
    name: "a build sandbox, one at a time: median time / bwrap's",
    atMost: 0.5,
    ratio: ({ steps }) => quotient(finder(steps.flatMap(all)), built, builtByBubblewrap, ({ median }) => median),
  },
  {
    name: 'isolate() with three limits, one at a time: median time / without',
    atMost: 1.3,
    notHere: ({ cgroups }) => (cgroups === 'unified' ? undefined : 'with control groups of version 2 alone'),
    ratio: ({ steps }) => quotient(finder(steps.flatMap(all)), withLimits, withoutLimits, ({ median }) => median),
  },
  {
    name: 'seven namespaces, one at a time: median time with 1 GiB in Node / with little',
    atMost: 1.1,
    ratio: ({ heap }) =>
      quotient(finder(heap), heapName(seven, bigHeap), heapName(seven, smallHeap), ({ median }) => median),
  },
];

const all = ({ steps, beside }: LadderTimes): Times[] => [...steps, ...beside];

function quotient<T>(
  find: (name: string) => T | undefined,
  above: string,
  below: string,
  of: (it: T) => number,
): number {
  const [dividend, divisor] = [find(above), find(below)];
  return dividend === undefined || divisor === undefined ? Number.NaN : of(dividend) / of(divisor);
}

/** What the project wants of itself, and whether this run had it: a line each. */
export function judge({ commands, host }: Pick<Results, 'commands' | 'host'>): string[] {
  return commands.flatMap((results) =>
    targets
      .map((target) => ({ target, ratio: target.ratio(results) }))
      .filter(({ ratio }) => !Number.isNaN(ratio))
      .map(({ target, ratio }) => {
        const { name, atMost, atLeast } = target;
        const passes = atMost === undefined ? ratio >= (atLeast as number) : ratio <= atMost;
        const wanted = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
        const elsewhere = target.notHere?.(host);
        const result = elsewhere === undefined ? (passes ? 'pass' : 'miss') : '–   ';
        const limit = elsewhere === undefined ? wanted : `${wanted} ${elsewhere}`;
        return `${result}  ${ratio.toFixed(2).padStart(5)}  (${limit})  ${name}; ${results.command}`;
      }),
  );
}
