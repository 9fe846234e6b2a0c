import { once } from 'node:events';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { AF, close, dup3, type Fd, ioctl_fionbio, O, SOCK, socketpair } from '../../sys/index.js';

/**
 * A stream of Node's over a terminal, with a descriptor of its own. libuv takes a terminal for a file that may block, and would hold
 * the event loop up while nobody reads what is written; a socket it writes to as far as there is room. So it is given a socket, and
 * the terminal is put in its place.
 */
export function terminalLine(master: Fd, options: SocketConstructorOpts): Socket {
  const [place, other] = socketpair(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
  close(other);
  // It is watched from when the event loop next waits: by then it is the terminal.
  const line = new Socket({ ...options, fd: place });
  ioctl_fionbio(master, 1);
  dup3(master, place, O.CLOEXEC);
  return line;
}

/** Closes a line; resolves when its descriptor is closed. */
export async function closeLine(line: Socket | undefined): Promise<void> {
  if (line === undefined || line.closed) return;
  line.destroy();
  await once(line, 'close');
}
