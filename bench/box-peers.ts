import { type Box, bare, isolate, type Pool, type Sandbox } from 'linux-isolate';
import { kinds } from './kinds.js';
import { type Peer, runBy } from './peer.js';

export const boxOfDefault = 'isolate() default, in an open box';
export const poolOfDefault = 'isolate() default, from a pool';

/** How many boxes a pool has ready: more than are used in a turn, so that it is refilled between those. */
const size = 16;

/** What both have: they are opened when they are first used. */
type Opened = Pick<Box, 'spawn' | 'close'>;

function openedPeer<T extends Opened>(name: string, open: () => Promise<T>, ready?: (opened: T) => boolean): Peer {
  let opened: T | undefined;
  const run = async (command: string): Promise<void> => {
    opened ??= await open();
    await runBy(opened, command, name);
  };
  return {
    name,
    run,
    isAlone: true,
    ready: async () => {
      opened ??= await open();
      while (ready?.(opened) === false) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    end: async () => {
      await opened?.close();
      opened = undefined;
    },
    missing: () =>
      run('/bin/true').then(
        () => undefined,
        (error: Error) => `is refused here: ${error.message.split('\n')[0]}`,
      ),
  };
}

const boxPeer = (name: string, sandbox: Sandbox) => openedPeer(name, () => sandbox.stdio('ignore').open());

/** Commands in namespaces that are there already. Those of a pool have them for themselves. */
export const boxPeers: readonly Peer[] = [
  boxPeer('isolate, seven namespaces, in an open box', bare().unshare(...kinds)),
  boxPeer(boxOfDefault, isolate()),
  openedPeer<Pool>(
    poolOfDefault,
    async () => isolate().stdio('ignore').pool({ size }),
    (pool) => pool.ready > 0,
  ),
];
