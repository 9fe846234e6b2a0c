import type { Fd } from './brands.js';
import { EPOLL } from './constants/poll.js';
import { EpollSocket } from './epoll-socket.js';

interface Watched {
  readonly isOnce: boolean;
  readonly onReady: () => void;
}

/**
 * Watches descriptors that Node cannot, as pidfds and eventfds, on the event loop of this thread, with no thread of its own. The work is
 * in proportion to those that are ready, not to those that are watched.
 */
export class DescriptorWatch {
  readonly #watched = new Map<Fd, Watched>();
  readonly #epoll = new EpollSocket(() => this.#look());
  #held = 0;

  /**
   * Calls back when a descriptor is ready; once, with `EPOLL.ONESHOT`, and otherwise until {@link remove}.
   *
   * @param fd - the descriptor. It may be closed when it was called back once, or is removed.
   * @param events - {@link EPOLL} bits.
   * @throws SyscallError as {@link epoll_ctl}.
   */
  add(fd: Fd, events: number, onReady: () => void): void {
    this.#epoll.add(fd, events);
    this.#watched.set(fd, { isOnce: (events & EPOLL.ONESHOT) !== 0, onReady });
  }

  /** Watches a descriptor no longer. One that is not watched, or has been called back once, is left as it is. */
  remove(fd: Fd): void {
    if (this.#watched.delete(fd)) this.#epoll.remove(fd);
  }

  /** The event loop goes on while somebody holds it. */
  hold(): void {
    if (this.#held++ === 0) this.#epoll.hold(true);
  }

  release(): void {
    if (--this.#held === 0) this.#epoll.hold(false);
  }

  #look(): void {
    const most = 64;
    for (;;) {
      const ready = this.#epoll.ready(most);
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
