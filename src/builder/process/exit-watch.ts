import { descriptorWatch, EPOLL, type Fd, P, W, type Waited, waitid } from '../../sys/index.js';

type OnExit = (waited: Waited) => void;

/** What is done when a process has ended, while it is still a zombie and its pid its own: until that has settled. */
type OnEnd = () => Promise<void> | undefined;

/** How long until a process that somebody traces is looked at again, milliseconds. */
const pause = 50;

/**
 * Waits for processes by their pidfds, on the event loop of this thread, without SIGCHLD, which workers do not get. The work is in
 * proportion to the processes that end, not to those that run. A pidfd becomes readable when its process ends.
 */
class ExitWatch {
  readonly #watch = descriptorWatch();

  /** Calls back once when the process ends, with what waitid(2) says, and reaps it; but for `onEnd`, which is called before. */
  add(pidfd: Fd, onExit: OnExit, onEnd?: OnEnd): void {
    this.addOther(pidfd, () => {
      const pending = onEnd?.();
      const reap = () => this.#reap(pidfd, onExit);
      if (pending === undefined) reap();
      else void pending.then(reap, reap);
    });
  }

  /** Calls back once when a process ends that is no child of this program: it cannot be waited for, and is not. */
  addOther(pidfd: Fd, onEnd: () => void): void {
    this.#watch.add(pidfd, EPOLL.IN | EPOLL.ONESHOT, onEnd);
  }

  /** Waits no longer for a process that is no child of this program. */
  removeOther(pidfd: Fd): void {
    this.#watch.remove(pidfd);
  }

  /** The event loop goes on while somebody holds it. */
  hold(): void {
    this.#watch.hold();
  }

  release(): void {
    this.#watch.release();
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
