import { createSocket, type Socket } from 'node:dgram';
import type { Fd } from './brands.js';
import { epoll_create1, epoll_ctl, epoll_pwait } from './calls/epoll.js';
import { close, dup3 } from './calls/file.js';
import { socket } from './calls/socket.js';
import { O } from './constants/file.js';
import { EPOLL, EPOLL_CREATE, EPOLL_CTL } from './constants/poll.js';
import { AF, SOCK } from './constants/socket.js';

interface Watched {
  readonly isOnce: boolean;
  readonly onReady: () => void;
}

/**
 * Watches descriptors that Node cannot (pidfds, eventfds, files of cgroups and of pressure), on the event loop of this thread, with no
 * thread of its own. The work is in proportion to those that are ready, not to those that are watched.
 *
 * epoll(7) knows when they are ready; but libuv has no public way to watch an epoll instance. It watches sockets: so it is given
 * a datagram socket, and the epoll instance is put in the place of that descriptor. What libuv then reads fails (ENOTSOCK), and
 * that error is the news.
 */
export class DescriptorWatch {
  readonly #watched = new Map<Fd, Watched>();
  readonly #socket: Socket;
  readonly #epoll: Fd;
  #held = 0;

  constructor() {
    this.#epoll = socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0);
    this.#socket = createSocket('udp4');
    this.#socket.on('error', () => this.#look());
    this.#socket.bind({ fd: this.#epoll, exclusive: true });
    // libuv starts to watch the descriptor when it next waits for events: by then it is the epoll instance.
    const epoll = epoll_create1(EPOLL_CREATE.CLOEXEC);
    dup3(epoll, this.#epoll, O.CLOEXEC);
    close(epoll);
    this.#socket.unref();
  }

  /**
   * Calls back when a descriptor is ready; once, with `EPOLL.ONESHOT`, and otherwise until {@link remove}.
   *
   * @param fd - the descriptor. It may be closed when it was called back once, or is removed.
   * @param events - {@link EPOLL} bits.
   * @throws SyscallError as {@link epoll_ctl}.
   */
  add(fd: Fd, events: number, onReady: () => void): void {
    epoll_ctl(this.#epoll, EPOLL_CTL.ADD, fd, { events, data: fd });
    this.#watched.set(fd, { isOnce: (events & EPOLL.ONESHOT) !== 0, onReady });
  }

  /** Watches a descriptor no longer. One that is not watched, or has been called back once, is left as it is. */
  remove(fd: Fd): void {
    if (this.#watched.delete(fd)) epoll_ctl(this.#epoll, EPOLL_CTL.DEL, fd, null);
  }

  /** The event loop goes on while somebody holds it. */
  hold(): void {
    if (this.#held++ === 0) this.#socket.ref();
  }

  release(): void {
    if (--this.#held === 0) this.#socket.unref();
  }

  #look(): void {
    const most = 64;
    for (;;) {
      const ready = epoll_pwait(this.#epoll, most, 0);
      for (const { data } of ready) this.#tell(Number(data));
      if (ready.length < most) return;
    }
  }

  #tell(fd: Fd): void {
    const watched = this.#watched.get(fd);
    if (watched === undefined) return;
    if (watched.isOnce) this.#watched.delete(fd);
    watched.onReady();
  }
}

let watch: DescriptorWatch | undefined;

/** The watch of this thread. */
export function descriptorWatch(): DescriptorWatch {
  watch ??= new DescriptorWatch();
  return watch;
}
