import { close, type Fd, IsolateError, pidfd_open, SyscallError } from '../../sys/index.js';
import { groupOfFound } from '../group/open-group.js';
import { Box } from './box.js';
import { allNames, forget, lookUp } from './names.js';
import { stateOf } from './process-identity.js';
import { openStateFolder } from './state-folder.js';

/**
 * A box that was opened under a name, by this program or another one of the same user: see {@link Sandbox.open}. It goes on when this
 * program ends, or lets go of it (`await using`, {@link Box.leave}); {@link Box.close} ends it for all.
 *
 * @throws IsolateError ERR_ISOLATE_BOX_NOT_FOUND - there is none, or not any more. ERR_ISOLATE_STATE - there is nowhere to look, or
 * it was opened by another version of this package. SpecError - it is no name.
 */
export async function findBox(name: string): Promise<Box> {
  const folder = openStateFolder();
  const known = await lookUp(folder, name);
  const pidfd = known && openPidfd(known.holder.pid);
  if (known === undefined || pidfd === undefined) throw await notFoundError(folder, name);
  const { holder, spec } = known;
  // Only now: another process may have got the pid before it was open.
  if (stateOf(holder) !== 'runs' || spec === undefined) {
    close(pidfd);
    throw spec === undefined ? otherVersionError(name) : await notFoundError(folder, name);
  }
  const onEnd = () => forget(folder, name, holder);
  return new Box({ spec, pid: holder.pid, pidfd, name, group: groupOfFound(spec), tie: 'found', onEnd });
}

/**
 * The names of the boxes that other programs of this user, and this one, have open.
 *
 * @throws IsolateError ERR_ISOLATE_STATE - there is nowhere to look.
 */
export async function boxNames(): Promise<string[]> {
  return allNames(openStateFolder());
}

function openPidfd(pid: number): Fd | undefined {
  try {
    return pidfd_open(pid, 0);
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ESRCH') return undefined;
    throw error;
  }
}

function otherVersionError(name: string): IsolateError {
  return new IsolateError(
    'ERR_ISOLATE_STATE',
    `the box ${JSON.stringify(name)} was opened by another version of this package, and this one does not understand it`,
  );
}

async function notFoundError(folder: string, name: string): Promise<IsolateError> {
  const names = await allNames(folder);
  const others = names.length === 0 ? 'there is none' : `there are: ${names.join(', ')}`;
  return new IsolateError('ERR_ISOLATE_BOX_NOT_FOUND', `no box has the name ${JSON.stringify(name)} (${others})`);
}
