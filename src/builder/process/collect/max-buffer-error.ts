import { IsolateError } from '../../../sys/index.js';
import type { Output, OutputEncoding } from './encoding.js';

/** What was collected of each stream, in the encoding that was asked for. */
export interface Printed<E extends OutputEncoding> {
  readonly stdout: Output<E>;
  readonly stderr: Output<E>;
  /** Only where it was asked for. */
  readonly all: Output<E> | undefined;
}

/**
 * A command printed more than {@link RunOptions.maxBuffer} allows, and was ended. `code` is `ERR_ISOLATE_MAX_BUFFER`. What was collected
 * is in the encoding of the run, and not enumerable: who prints the error does not print it.
 */
export class MaxBufferError extends IsolateError {
  /** The stream that has more. */
  readonly stream: 'stdout' | 'stderr';
  /** How many bytes of it were allowed. */
  readonly maxBuffer: number;
  /** What came on stdout: of the stream that has more, the first {@link MaxBufferError.maxBuffer} bytes. */
  declare readonly stdout: Output<OutputEncoding>;
  /** What came on stderr. */
  declare readonly stderr: Output<OutputEncoding>;
  /** Both, with `all: true`. */
  declare readonly all: Output<OutputEncoding> | undefined;

  /** @internal */
  constructor(stream: 'stdout' | 'stderr', maxBuffer: number, printed: Printed<OutputEncoding>) {
    const limit = `maxBuffer, ${maxBuffer} ${maxBuffer === 1 ? 'byte' : 'bytes'}`;
    const help = 'allow more with maxBuffer, or read the streams of spawn() as they come';
    super('ERR_ISOLATE_MAX_BUFFER', `${stream} is longer than ${limit}: the command was ended\n  help  ${help}`);
    this.stream = stream;
    this.maxBuffer = maxBuffer;
    for (const name of ['stdout', 'stderr', 'all'] as const) {
      Object.defineProperty(this, name, { value: printed[name] });
    }
  }
}
