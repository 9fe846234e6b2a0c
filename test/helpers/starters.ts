// The ways to start a command, by who is its parent and who is process 1 around it.
import { type Box, bare, type Sandbox } from '../../src/index.js';

/** What starts commands. */
export type Starter = Pick<Sandbox, 'spawn' | 'run'>;

const namespaces = bare().unshare('user', 'mount', 'pid').mapRoot();

/** Below an init of ours; as process 1; in no PID namespace of its own. */
export const sandboxes: Readonly<Record<'init' | 'asPid1' | 'none', Sandbox>> = {
  init: namespaces,
  asPid1: namespaces.asPid1(),
  none: bare(),
};

/** Calls back with each way, and with an open box of the same namespaces. */
export async function eachStarter(
  run: (starter: Starter, name: string) => Promise<void>,
  but: readonly string[] = [],
): Promise<void> {
  await using box: Box = await namespaces.open();
  for (const [name, starter] of Object.entries({ ...sandboxes, box })) {
    if (!but.includes(name)) await run(starter, name);
  }
}
