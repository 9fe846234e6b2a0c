import { dirfd, environment, flags, int, string, strings } from '../args.js';
import type { Fd } from '../brands.js';
import { AT } from '../constants/file.js';
import { defineSyscall, type Syscall } from '../syscall.js';

/** What a call gives that does not return when it succeeds. */
const neverReturns = (): never => {
  throw new Error('a call returned that never does');
};

/**
 * `execve(pathname, argv, envp)`: replaces the program of the process by another one. See execve(2).
 *
 * Acts on the process: its other threads end. Made at once, it is Node that is replaced, without an `exit` event and
 * without what was still to be written. Descriptors stay open unless they are `O_CLOEXEC`, as Node makes all of its
 * own, the three standard ones included: `fcntl_setfd(1, 0)` keeps one.
 *
 * @param pathname - the program, or a script that begins with `#!`. It is not looked for in PATH.
 * @param argv - its arguments, of which the first is the name that it is told.
 * @param envp - its environment, as `NAME=value`. It is not shown in messages.
 * @returns never.
 * @throws SyscallError ENOENT: it is not there, or what it needs to be run is not. EACCES: it may not be executed, or
 * it is on a mount with `noexec`. ENOEXEC: its format is not known. E2BIG: more arguments and environment than the
 * stack limit allows. ETXTBSY: it is open for writing. EPERM, EINVAL, ELIBBAD: see the man page.
 */
export const execve: Syscall<[pathname: string, argv: readonly string[], envp: readonly string[]], never> =
  defineSyscall({
    name: 'execve',
    man: 'execve(2)',
    scope: 'process',
    args: [string('const char *pathname'), strings('char *const argv[]'), environment('char *const envp[]')],
    result: neverReturns,
  });

/**
 * `execveat(dirfd, pathname, argv, envp, flags)`: replaces the program of the process, as {@link execve} does, by one
 * that is found from a directory, or that is open. See execveat(2).
 *
 * Acts on the process: see {@link execve}.
 *
 * @param dirfd - where a relative path starts: a directory, or `AT.FDCWD`; with an empty path and `AT_EMPTY_PATH` the
 * program itself.
 * @param pathname - the program.
 * @param argv - its arguments, of which the first is the name that it is told.
 * @param envp - its environment, as `NAME=value`.
 * @param flags - `AT.EMPTY_PATH`, `AT.SYMLINK_NOFOLLOW`, or 0.
 * @returns never.
 * @throws SyscallError as {@link execve}, and: EBADF: `dirfd` is not open. ELOOP: a link at the end, with
 * `AT_SYMLINK_NOFOLLOW`. ENOENT: a script whose descriptor is `O_CLOEXEC`, so that its interpreter could not open it.
 */
export const execveat: Syscall<
  [dirfd: Fd, pathname: string, argv: readonly string[], envp: readonly string[], flags: number],
  never
> = defineSyscall({
  name: 'execveat',
  man: 'execveat(2)',
  scope: 'process',
  args: [
    dirfd(),
    string('const char *pathname'),
    strings('char *const argv[]'),
    environment('char *const envp[]'),
    flags('int flags', AT),
  ],
  result: neverReturns,
});

/**
 * `exit_group(status)`: ends the process with all of its threads, at once. See exit_group(2).
 *
 * Acts on the process. Made at once, it is Node that ends, without an `exit` event: `process.exit()` is kinder.
 *
 * @param status - of which the parent gets the low 8 bits.
 * @returns never.
 */
export const exit_group: Syscall<[status: number], never> = defineSyscall({
  name: 'exit_group',
  man: 'exit_group(2)',
  scope: 'process',
  args: [int('int status')],
  result: neverReturns,
});
