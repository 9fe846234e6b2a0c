import { once } from 'node:events';
import { Socket } from 'node:net';
import { handshakeValues, type IdMaps, mapsFromParent } from '../../ns/index.js';
import {
  AF,
  AT,
  CLONE,
  close,
  type Fd,
  IsolateError,
  launch,
  O,
  openat,
  pidfd_open,
  program,
  runSteps,
  SHUT,
  SOCK,
  shutdown,
  socketpair,
} from '../../sys/index.js';
import { reap } from './reap.js';

/**
 * Opens a user namespace that has these maps and no process: mount_setattr(2) takes the ids of an idmapped mount from one. It is
 * made by a child that ends as soon as its namespace is held.
 */
export async function openIdmapNamespace(maps: IdMaps): Promise<Fd> {
  const handshake = mapsFromParent(maps);
  const plan = program({ clone: { flags: CLONE.NEWUSER }, child: [handshake.letGo, ...handshake.child], exec: [] });
  const [parentEnd, childEnd] = socketpair(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK, 0);
  const socket = new Socket({ fd: parentEnd });
  const ownPidfd = pidfd_open(process.pid, 0);
  const { child, parentPidfd } = handshakeValues;
  const ends = { [handshakeValues.parentEnd]: parentEnd, [handshakeValues.childEnd]: childEnd };
  const { done, peek } = launch(plan, { ...ends, [parentPidfd]: ownPidfd });
  let namespace: Fd | undefined;
  try {
    const ended = await Promise.race([once(socket, 'data').then(() => undefined), done]);
    if (ended?.failure !== undefined) throw refused('made', ended.failure.errno);
    const pid = peek(plan.firstPid);
    // All of its steps but the last, which would let the child go on: at the end of the line it ends.
    const failure = runSteps(handshake.parent.slice(0, -1), { ...ends, [child]: pid });
    if (failure !== undefined) throw refused('given its maps', failure.errno);
    namespace = openat(AT.FDCWD, `/proc/${pid}/ns/user`, O.RDONLY | O.CLOEXEC, 0);
    return namespace;
  } finally {
    // Those that are made at the same time hold copies of it: closing it would have them wait for one another.
    shutdown(parentEnd, SHUT.RDWR);
    socket.destroy();
    close(childEnd);
    close(ownPidfd);
    const pidfd = (await done).int(plan.firstPidfd);
    if (pidfd >= 0) {
      reap('PIDFD', pidfd);
      close(pidfd);
    }
  }
}

function refused(what: string, errno: number): IsolateError {
  return new IsolateError(
    'ERR_ISOLATE_IDMAP',
    `the user namespace of an idmapped bind cannot be ${what}: errno ${errno}`,
  );
}
