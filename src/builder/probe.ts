import { AT, close, mount_setattr, O, open_tree, openat2, SyscallError } from '../sys/index.js';

/** Flags that no kernel knows: a call that is there says so before it looks at anything else. */
const unknownFlags = 0x4000_0000;

/** Whether the kernel has the calls that make mounts by descriptors, and lets this program call them. */
export function hasNewMountCalls(): boolean {
  return (
    errorOf(() => open_tree(AT.FDCWD, '/', unknownFlags)) === 'EINVAL' &&
    errorOf(() => mount_setattr(AT.FDCWD, '/', unknownFlags, {})) === 'EINVAL'
  );
}

/** Whether the kernel has openat2(2). Where a filter forbids it, it is there: what needs it fails, and says why. */
export function hasOpenat2(): boolean {
  return errorOf(() => close(openat2(AT.FDCWD, '/', { flags: O.PATH | O.DIRECTORY | O.CLOEXEC }))) !== 'ENOSYS';
}

function errorOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
}
