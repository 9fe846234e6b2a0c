import { createSocket, type Socket } from 'node:dgram';
import type { Fd } from './brands.js';
import { epoll_create1, epoll_ctl, epoll_pwait } from './calls/epoll.js';
import { close, dup3 } from './calls/file.js';
import { socket } from './calls/socket.js';
import { O } from './constants/file.js';
import { EPOLL, EPOLL_CREATE, EPOLL_CTL } from './constants/poll.js';
import { AF, SOCK } from './constants/socket.js';
import type { EpollEvent } from './structs/poll.js';

/**
 * An epoll instance that the event loop of this thread watches. libuv has no public way to watch one. It watches sockets: so it is given
 * a datagram socket, and the epoll instance is put in the place of that descriptor. What libuv then reads fails (ENOTSOCK), and
 * that error is the news. It keeps no program from its end, unless it is held.
 */
export class EpollSocket {
  readonly #socket: Socket;
  readonly #epoll: Fd;

  constructor(onNews: () => void) {
    this.#epoll = socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0);
    this.#socket = createSocket('udp4');
    this.#socket.on('error', onNews);
    this.#socket.bind({ fd: this.#epoll, exclusive: true });
    // libuv starts to watch the descriptor when it next waits for events: by then it is the epoll instance.
    const epoll = epoll_create1(EPOLL_CREATE.CLOEXEC);
    dup3(epoll, this.#epoll, O.CLOEXEC);
    close(epoll);
    this.#socket.unref();
  }

  add(fd: Fd, events: number): void {
    epoll_ctl(this.#epoll, EPOLL_CTL.ADD, fd, { events, data: fd });
  }

  remove(fd: Fd): void {
    epoll_ctl(this.#epoll, EPOLL_CTL.DEL, fd, null);
  }

  /** What is ready now. */
  ready(most: number): EpollEvent[] {
    return epoll_pwait(this.#epoll, most, 0);
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#socket.close();
  }
}

/**
 * Calls back when a descriptor becomes ready of which a look takes the readiness away, as of a trigger of pressure: it is watched by itself, and
 * the news is enough. See https://docs.kernel.org/accounting/psi.html.
 *
 * @param onReady - it is ready.
 * @param onLost - there is nothing to wait for any more (EPOLLERR), which is news until it is ended.
 * @returns what ends it: before the descriptor is closed.
 * @throws SyscallError as {@link epoll_ctl}.
 */
export function watchAlone(fd: Fd, events: number, onReady: () => void, onLost: () => void): () => void {
  const epoll = new EpollSocket(() => {
    const isLost = epoll.ready(1).some((event) => (event.events & EPOLL.ERR) !== 0);
    if (isLost) onLost();
    else onReady();
  });
  try {
    epoll.add(fd, events);
  } catch (error) {
    epoll.close();
    throw error;
  }
  return () => epoll.close();
}
