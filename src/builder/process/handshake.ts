import { Socket } from 'node:net';
import { handshakeValues } from '../../ns/index.js';
import {
  AF,
  close,
  type Fd,
  runSteps,
  SHUT,
  SOCK,
  type Step,
  type StepFailure,
  shutdown,
  socketpair,
} from '../../sys/index.js';

/** Steps that this program makes while a child waits for them. */
export class Handshake {
  /** The numbers that the steps of both sides need, but for the pid of the child. */
  readonly values: Readonly<Record<string, number>>;
  readonly #steps: readonly Step[];
  readonly #childEnd: Fd;
  readonly #socket: Socket;
  #failure: StepFailure | undefined;

  /** Opens the line between the two. `childPid` is asked when the child has called. */
  constructor(steps: readonly Step[], childPid: () => number) {
    const [parentEnd, childEnd] = socketpair(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK, 0);
    this.values = { [handshakeValues.parentEnd]: parentEnd, [handshakeValues.childEnd]: childEnd };
    this.#steps = steps;
    this.#childEnd = childEnd;
    this.#socket = new Socket({ fd: parentEnd });
    this.#socket.once('data', () => this.#answer(childPid()));
    this.#socket.on('error', () => this.#socket.destroy());
  }

  #answer(child: number): void {
    this.#failure = runSteps(this.#steps, { ...this.values, [handshakeValues.child]: child });
    // The child sees the end of the line, and ends: whoever else was started meanwhile has copies of it, so that closing it is not enough.
    if (this.#failure !== undefined) shutdown(this.values[handshakeValues.parentEnd] as Fd, SHUT.RDWR);
  }

  /** Closes the line; tells what went wrong on this side. */
  end(): StepFailure | undefined {
    close(this.#childEnd);
    this.#socket.destroy();
    return this.#failure;
  }
}
