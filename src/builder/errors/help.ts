import { match, P } from 'ts-pattern';
import { errno } from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';

/** What is known of a failure. */
export interface FailureFacts {
  readonly call: string;
  readonly errno: number;
  readonly spec: ProcessSpec;
}

/** What to do about a failure, where that is known. Each rule is proved by a test. */
export function helpFor({ call, errno: number, spec }: FailureFacts): string | undefined {
  return match({ call, number, mounted: spec.proc !== false, user: spec.unshare.includes('user') })
    .with(
      { call: 'clone3', number: errno.ENOSPC },
      () => 'a limit on namespaces is reached or set to 0: look at /proc/sys/user/max_*_namespaces',
    )
    .with(
      { call: 'clone3', number: errno.EPERM, user: true },
      () =>
        'possible cause: this host does not let unprivileged users make user namespaces ' +
        '(sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)',
    )
    .with(
      { call: 'mount', number: errno.EPERM, mounted: true },
      () =>
        'possible cause: parts of every visible /proc are covered, as inside many containers, and a fresh one would reveal ' +
        "them: use .proc(false), or .share('pid')",
    )
    .with(
      { call: 'openat', number: errno.EACCES, user: true },
      () =>
        "possible cause: this program has changed its user since it started, and its files below /proc are root's: " +
        'prctl(PR_SET_DUMPABLE, 1) makes them its own again',
    )
    .with(
      { call: 'execve', number: errno.ENOEXEC },
      () => 'a script needs a first line that names its interpreter: #!/bin/sh',
    )
    .with(
      { call: P.union('setresuid', 'setresgid'), number: errno.EINVAL },
      () => 'the id is not mapped in the user namespace',
    )
    .otherwise(() => undefined);
}
