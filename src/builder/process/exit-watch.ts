import { createSocket, type Socket } from 'node:dgram';
import {
  AF,
  close,
  dup3,
  EPOLL,
  EPOLL_CREATE,
  EPOLL_CTL,
  epoll_create1,
  epoll_ctl,
  epoll_pwait,
  type Fd,
  O,
  P,
  SOCK,
  socket,
  W,
  type Waited,
  waitid,
} from '../../sys/index.js';

type OnExit = (waited: Waited) => void;

/** What is done when a process has ended, while it is still a zombie and its pid its own: until that has settled. */
type OnEnd = () => Promise<void> | undefined;

/** A process that is watched. One that is no child of ours cannot be waited for, and is not. */
type Watched =
  | { readonly isOurs: true; readonly onExit: OnExit; readonly onEnd: OnEnd | undefined }
  | { readonly isOurs: false; readonly onEnd: () => void };

/** How long until a process that somebody traces is looked at again, milliseconds. */
const pause = 50;

/**
 * Waits for processes by their pidfds, on the event loop of this thread, with no thread of its own and without SIGCHLD, which
 * workers do not get. The work is in proportion to the processes that end, not to those that run.
 *
 * A pidfd becomes readable when its process ends, and an epoll instance when one of its descriptors does; but libuv has no
 * public way to watch either. It watches sockets: so it is given a datagram socket, and the epoll instance is put in the
 * place of that descriptor. What libuv then reads fails (ENOTSOCK), and that error is the news.
 */
class ExitWatch {
  readonly #waiting = new Map<Fd, Watched>();
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

  /** Calls back once when the process ends, with what waitid(2) says, and reaps it; but for `onEnd`, which is called before. */
  add(pidfd: Fd, onExit: OnExit, onEnd?: OnEnd): void {
    this.#watch(pidfd, { isOurs: true, onExit, onEnd });
  }

  /** Calls back once when a process ends that is no child of this program. */
  addOther(pidfd: Fd, onEnd: () => void): void {
    this.#watch(pidfd, { isOurs: false, onEnd });
  }

  /** Waits no longer for a process that is no child of this program. */
  removeOther(pidfd: Fd): void {
    if (this.#waiting.delete(pidfd)) epoll_ctl(this.#epoll, EPOLL_CTL.DEL, pidfd, null);
  }

  #watch(pidfd: Fd, watched: Watched): void {
    this.#waiting.set(pidfd, watched);
    epoll_ctl(this.#epoll, EPOLL_CTL.ADD, pidfd, { events: EPOLL.IN | EPOLL.ONESHOT, data: pidfd });
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
      for (const { data } of ready) this.#endOne(Number(data));
      if (ready.length < most) return;
    }
  }

  #endOne(pidfd: Fd): void {
    const watched = this.#waiting.get(pidfd);
    if (watched === undefined) return;
    this.#waiting.delete(pidfd);
    const pending = watched.onEnd?.();
    if (!watched.isOurs) return;
    const reap = () => this.#reap(pidfd, watched.onExit);
    if (pending === undefined) reap();
    else void pending.then(reap, reap);
  }

  /** Whoever traces it, as a process in its box may, is to wait for it first: ptrace(2). */
  #reap(pidfd: Fd, onExit: OnExit): void {
    const waited = waitid(P.PIDFD, pidfd, W.EXITED | W.NOHANG);
    if (waited.pid === 0) setTimeout(() => this.#reap(pidfd, onExit), pause).unref();
    else onExit(waited);
  }
}

let watch: ExitWatch | undefined;

/** The exit watch of this thread. */
export function exitWatch(): ExitWatch {
  watch ??= new ExitWatch();
  return watch;
}
