import { fileURLToPath } from 'node:url';
import { bare, isolate } from 'linux-isolate';
import { type CrunBundle, crunBundle } from './crun.js';
import { kinds } from './kinds.js';
import { type Ladder, ladder, type Rung } from './ladder.js';
import { nodePeer, type Peer } from './peer.js';

// Three limits, in a control group that is made for the command and removed after it.

export const withoutLimits = 'isolate(), without limits';
export const withLimits = 'isolate(), with three limits';

/** The last of them has all three. */
const rungs = (last: string): Rung[] => [
  ['+ a group with a limit on memory', (sandbox) => sandbox.limits({ memory: '64M' })],
  ['+ on processes', (sandbox) => sandbox.limits({ pids: 32 })],
  [last, (sandbox) => sandbox.limits({ cpus: 0.5 })],
];

const systemdRun = nodePeer('systemd-run --scope, the same limits, no namespaces', (command) => [
  'systemd-run',
  [
    ...['--scope', '-q', ...(process.geteuid?.() === 0 ? [] : ['--user'])],
    ...['-p', 'MemoryMax=64M', '-p', 'TasksMax=32', '-p', 'CPUQuota=50%', command],
  ],
]);

const resources = { memory: { limit: 64 * 2 ** 20 }, pids: { limit: 32 }, cpu: { quota: 50_000, period: 100_000 } };

/** A bundle for each command, made when it is first used. */
function crunPeer(name: string): Peer {
  const bundles = new Map<string, CrunBundle>();
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const bundleFor = (command: string): CrunBundle => {
    const bundle = bundles.get(command) ?? crunBundle(folder, { args: [command], resources });
    bundles.set(command, bundle);
    return bundle;
  };
  return {
    ...nodePeer(name, (command) => bundleFor(command).commandLine()),
    end: async () => {
      for (const bundle of bundles.values()) bundle.remove();
      bundles.clear();
    },
  };
}

export const limitsLadders: readonly Ladder[] = [
  ladder(
    'limits',
    isolate(),
    [[withoutLimits, (sandbox) => sandbox], ...rungs(withLimits)],
    [systemdRun, crunPeer('crun, the same limits, seven namespaces')],
  ),
  ladder('limits, seven namespaces', bare().unshare(...kinds), [
    ['seven namespaces, without limits', (sandbox) => sandbox],
    ...rungs('seven namespaces, with three limits'),
  ]),
];
