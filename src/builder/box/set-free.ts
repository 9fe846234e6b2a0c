import { once } from 'node:events';
import { Socket } from 'node:net';
import { type Fd, fcntl_dupfd_cloexec, pidfd_send_signal, SIG } from '../../sys/index.js';

/**
 * Tells an init that holds a box not to end with this program any more, and waits until it has heard that.
 *
 * @param line - over which it answers. It stays open.
 * @returns whether it has; it may have been killed meanwhile.
 */
export async function setFree(pidfd: Fd, line: Fd): Promise<boolean> {
  const socket = new Socket({ fd: fcntl_dupfd_cloexec(line, 0), readable: true, writable: false });
  try {
    const heard = Promise.race([once(socket, 'data'), once(socket, 'end').then(() => undefined)]);
    pidfd_send_signal(pidfd, SIG.USR1);
    return (await heard) !== undefined;
  } finally {
    socket.destroy();
  }
}
