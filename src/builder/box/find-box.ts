import { close, type Fd, IsolateError, pidfd_open, SyscallError } from '../../sys/index.js';
import { Box } from './box.js';
import { allNames, forget, lookUp } from './names.js';
import { stateOf } from './process-identity.js';

/**
 * A box that was opened under a name, by this program or another one of the same user: see {@link Sandbox.open}. It is not closed
 * when this program ends; `close()` ends it for all.
 *
 * @throws IsolateError ERR_ISOLATE_BOX_NOT_FOUND - there is none, or not any more. SpecError - it is no name.
 */
export async function findBox(name: string): Promise<Box> {
  const known = await lookUp(name);
  const pidfd = known && openPidfd(known.holder.pid);
  if (known?.spec === undefined || pidfd === undefined) throw await notFoundError(name);
  // Only now: another process may have got the pid before it was open.
  if (stateOf(known.holder) !== 'runs') {
    close(pidfd);
    throw await notFoundError(name);
  }
  const { holder, spec } = known;
  return new Box({ spec, pid: holder.pid, pidfd, name, isOurs: false, onEnd: () => forget(name, holder) });
}

/** The names of the boxes that other programs of this user, and this one, have open. */
export function boxNames(): Promise<string[]> {
  return allNames();
}

function openPidfd(pid: number): Fd | undefined {
  try {
    return pidfd_open(pid, 0);
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ESRCH') return undefined;
    throw error;
  }
}

async function notFoundError(name: string): Promise<IsolateError> {
  const names = await allNames();
  const others = names.length === 0 ? 'there is none' : `there are: ${names.join(', ')}`;
  return new IsolateError('ERR_ISOLATE_BOX_NOT_FOUND', `no box has the name ${JSON.stringify(name)} (${others})`);
}
