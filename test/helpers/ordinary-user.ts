// Programs of an ordinary user who may make control groups.
import { chownSync, existsSync } from 'node:fs';
import { openCgroup } from '../../src/cgroup/index.js';
import { commandMissing, either, isRoot } from './can.js';
import { layouts, noController, startIn } from './groups.js';
import { noOwnGroups } from './own-groups.js';
import { programOf, quoted, repository } from './program.js';

/** Why there can be no such program here. */
export const noOrdinaryUser: string | undefined = either(
  noController('pids', 'memory'),
  isRoot ? commandMissing('setpriv') : noOwnGroups,
);

const nobody = 65534;

/** What a user needs to be given of a group. */
const delegated = ['', '/cgroup.procs', '/cgroup.subtree_control', '/cgroup.threads', '/tasks'];

/**
 * Runs a program of JavaScript as an ordinary user: this one, or for root another, in a group that is given to that.
 *
 * @returns what it prints.
 */
export async function asOrdinaryUser(code: string): Promise<string> {
  const [{ options } = { options: {} }] = layouts();
  await using group = await openCgroup({ ...options, controllers: ['pids', 'memory'], name: `given-${process.pid}` });
  if (isRoot) {
    const files = group.paths.flatMap((path) => delegated.map((file) => path + file));
    for (const file of files) if (existsSync(file)) chownSync(file, nobody, nobody);
  }
  const become = isRoot ? `setpriv --reuid ${nobody} --regid ${nobody} --clear-groups env HOME=/tmp ` : '';
  const { ended } = await startIn(group, `cd ${repository}; exec ${become}${quoted(programOf(code))}`);
  const { stdout, stderr } = await ended;
  return stdout + stderr;
}
