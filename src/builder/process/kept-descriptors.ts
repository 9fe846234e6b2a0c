import { openSync } from 'node:fs';
import { AF, close, type Fd, type LateValues, MSG, recvmsg, SOCK, SyscallError, socketpair } from '../../sys/index.js';
import { snapshotValues } from '../compile/files/snapshots.js';

/**
 * What a launch holds for steps that need to know the number of a descriptor beforehand: placeholders, in the place of which the
 * child puts others of its own; and the line over which it gives the file system of its snapshots back.
 */
export class KeptDescriptors {
  /** The numbers, by the names that the steps have for them. */
  readonly values: LateValues;
  readonly #placeholders: readonly Fd[];
  readonly #line: readonly [parentEnd: Fd, childEnd: Fd] | undefined;

  constructor(names: readonly string[]) {
    const opened: Fd[] = [];
    try {
      for (const _ of names) opened.push(openSync('/dev/null', 'r'));
      this.#line = names.includes(snapshotValues.changes)
        ? socketpair(AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC | SOCK.NONBLOCK, 0)
        : undefined;
    } catch (error) {
      for (const fd of opened) close(fd);
      throw error;
    }
    this.#placeholders = opened;
    this.values = {
      ...Object.fromEntries(names.map((name, i) => [name, opened[i] as Fd])),
      ...(this.#line === undefined ? {} : { [snapshotValues.childEnd]: this.#line[1] }),
    };
  }

  /** What the child gave back; undefined if it did not come so far, or had nothing to give. */
  received(): Fd | undefined {
    if (this.#line === undefined) return undefined;
    try {
      return recvmsg(this.#line[0], 1, MSG.CMSG_CLOEXEC).fds[0];
    } catch (error) {
      if (error instanceof SyscallError && error.code === 'EAGAIN') return undefined;
      throw error;
    }
  }

  end(): void {
    for (const fd of [...this.#placeholders, ...(this.#line ?? [])]) close(fd);
  }
}
