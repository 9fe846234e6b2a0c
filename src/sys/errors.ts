import type { Errno } from './brands.js';
import { errnoName, errnoText } from './errno.js';

/** The base of every error that this package throws on purpose. `code` is stable; the message is for people. */
export class IsolateError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** A system call that was made at once and that the kernel refused. Shaped like the errors of Node's own `fs`. */
export class SyscallError extends IsolateError {
  /** The name of the system call, as in its man page. */
  readonly syscall: string;
  /** The number of the error, negative as in Node's own errors: see errno(3). `code` is its name. */
  readonly errno: number;
  /** The arguments, as they were given. Not enumerable: who prints the error does not print an environment with its secrets. */
  declare readonly args: readonly unknown[];

  constructor(syscall: string, rendered: string, errno: Errno, args: readonly unknown[]) {
    super(errnoName(errno), `${rendered} failed: ${errnoName(errno)} (${errnoText(errno)})`);
    this.syscall = syscall;
    this.errno = -errno;
    Object.defineProperty(this, 'args', { value: args });
  }
}

/**
 * Something was asked for that cannot be: found before anything was done, so nothing has to be undone.
 * `field` names the part of the spec, `help` the way out where there is one.
 */
export class SpecError extends IsolateError {
  readonly field: string;
  readonly help: string | undefined;

  constructor(field: string, problem: string, help?: string) {
    super('ERR_ISOLATE_SPEC', `${field}: ${problem}${help === undefined ? '' : `\n  help  ${help}`}`);
    this.field = field;
    this.help = help;
  }
}
