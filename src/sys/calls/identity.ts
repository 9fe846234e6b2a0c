import { counted } from '../args.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/**
 * `sethostname(name, len)`: sets the name of the host. See sethostname(2).
 *
 * Acts on the UTS namespace of the calling thread: on the host, where it has none of its own.
 *
 * @param name - 64 bytes at most. The kernel does not look at what is in it.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN in the user namespace that owns the UTS namespace. EINVAL: too
 * long.
 */
export const sethostname: Syscall<[name: string], void> = defineSyscall({
  name: 'sethostname',
  man: 'sethostname(2)',
  scope: 'thread',
  args: [counted('const char *name', 'size_t len')],
  result: nothing,
});

/**
 * `setdomainname(name, len)`: sets the NIS domain of the host, which is not the domain of its DNS name. See
 * setdomainname(2).
 *
 * Acts on the UTS namespace of the calling thread: on the host, where it has none of its own.
 *
 * @param name - 64 bytes at most.
 * @throws SyscallError EPERM: without CAP_SYS_ADMIN in the user namespace that owns the UTS namespace. EINVAL: too
 * long.
 */
export const setdomainname: Syscall<[name: string], void> = defineSyscall({
  name: 'setdomainname',
  man: 'setdomainname(2)',
  scope: 'thread',
  args: [counted('const char *name', 'size_t len')],
  result: nothing,
});
