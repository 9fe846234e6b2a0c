import { IsolateError } from '../../sys/index.js';

/** The launch of a command had taken as much time as the command may, and was ended. Nothing is left of it. */
export class LaunchTimeoutError extends IsolateError {
  /** The limit, milliseconds. */
  readonly limit: number;

  /** @internal */
  constructor(limit: number) {
    super('ERR_ISOLATE_TIMEOUT', `the command had not begun when its time was over, after ${limit} ms`);
    this.limit = limit;
  }
}
