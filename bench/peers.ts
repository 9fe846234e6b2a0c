import { bare, isolate } from 'linux-isolate';
import { boxPeers } from './box-peers.js';
import { kinds } from './kinds.js';
import { isolatePeer, nodePeer, type Peer } from './peer.js';

/** What everything is compared with. */
export const plain = 'child_process.spawn';
export const seven = 'isolate, seven namespaces';
export const bubblewrap = 'bwrap, seven namespaces';

const butNet = kinds.filter((kind) => kind !== 'net');

export const peers: readonly Peer[] = [
  nodePeer(plain, (command) => [command, []]),
  isolatePeer('isolate, no namespaces', bare()),
  isolatePeer('isolate, user', bare().unshare('user')),
  isolatePeer('isolate, all but net', bare().unshare(...butNet)),
  isolatePeer(seven, bare().unshare(...kinds)),
  isolatePeer('isolate() default', isolate()),
  isolatePeer(
    'isolate, seven namespaces, as process 1',
    bare()
      .unshare(...kinds)
      .asPid1(),
  ),
  ...boxPeers,
  nodePeer('unshare(1), seven namespaces', (command) => [
    'unshare',
    [...kinds.map((kind) => `--${kind}`), '--fork', '--map-current-user', '--mount-proc', command],
  ]),
  nodePeer(bubblewrap, (command) => [
    'bwrap',
    // A mount namespace is always new. The command is the init of its PID namespace, as with the others.
    [
      ...kinds.filter((kind) => kind !== 'mount').map((kind) => `--unshare-${kind}`),
      ...['--as-pid-1', '--dev-bind', '/', '/', '--proc', '/proc', command],
    ],
  ]),
];
