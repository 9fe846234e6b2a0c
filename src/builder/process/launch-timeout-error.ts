import { IsolateError } from '../../sys/index.js';

/** The command had not begun when as much time had gone by as it may take. It never ran, and nothing is left of its launch. */
export class LaunchTimeoutError extends IsolateError {
  /** The limit, milliseconds. */
  readonly limit: number;

  /** @internal */
  constructor(limit: number) {
    super('ERR_ISOLATE_TIMEOUT', `the command had not begun when its time was over, after ${limit} ms`);
    this.limit = limit;
  }
}
