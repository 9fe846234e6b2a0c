import {
  AF,
  AT,
  close,
  type Fd,
  type LateValues,
  MSG,
  O,
  openat,
  recvmsg,
  SOCK,
  SyscallError,
  socketpair,
} from '../../sys/index.js';
import { type GivenBack, givenBack, lineOf } from '../compile/give-back.js';

/** Both ends of a line over which the child gives a descriptor back. */
interface Line {
  readonly parentEnd: Fd;
  readonly childEnd: Fd;
}

/**
 * What a launch holds for steps that need to know the number of a descriptor beforehand: placeholders, in the place of which the
 * child puts others of its own; and a line for each of those that it gives back.
 */
export class KeptDescriptors {
  /** The numbers, by the names that the steps have for them. */
  readonly values: LateValues;
  readonly #placeholders = new Map<string, Fd>();
  readonly #lines = new Map<GivenBack, Line>();

  constructor(names: readonly string[]) {
    try {
      for (const name of names) this.#placeholders.set(name, openNowhere());
      for (const name of Object.values(givenBack)) if (names.includes(name)) this.#lines.set(name, openLine());
    } catch (error) {
      this.end();
      throw error;
    }
    const childEnds = [...this.#lines].map(([name, { childEnd }]) => [lineOf(name), childEnd]);
    this.values = { ...Object.fromEntries(this.#placeholders), ...Object.fromEntries(childEnds) };
  }

  /** What the child gave back under a name; undefined if it did not come so far, or had nothing to give. */
  received(name: GivenBack): Fd | undefined {
    const line = this.#lines.get(name);
    if (line === undefined) return undefined;
    // What comes takes its place, also where no more descriptors can be had.
    this.#closePlaceholder(name);
    try {
      return recvmsg(line.parentEnd, 1, MSG.CMSG_CLOEXEC).fds[0];
    } catch (error) {
      if (error instanceof SyscallError && error.code === 'EAGAIN') return undefined;
      throw error;
    }
  }

  end(): void {
    for (const name of [...this.#placeholders.keys()]) this.#closePlaceholder(name);
    for (const { parentEnd, childEnd } of this.#lines.values()) {
      close(parentEnd);
      close(childEnd);
    }
    this.#lines.clear();
  }

  #closePlaceholder(name: string): void {
    const fd = this.#placeholders.get(name);
    this.#placeholders.delete(name);
    if (fd !== undefined) close(fd);
  }
}

/** Not by Node, which closes what a worker opened through it when that ends: by then the number may be another's. */
function openNowhere(): Fd {
  return openat(AT.FDCWD, '/dev/null', O.RDONLY | O.CLOEXEC, 0);
}

function openLine(): Line {
  const [parentEnd, childEnd] = socketpair(AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC | SOCK.NONBLOCK, 0);
  return { parentEnd, childEnd };
}
