import { inOut, input, int, intAt, named, outUint } from '../args.js';
import type { Fd, Uid } from '../brands.js';
import { FIO, NS_GET, SIOC } from '../constants/ioctl.js';
import { ifreqFlags } from '../structs/ifreq.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

export {
  ioctl_tcgets,
  ioctl_tcsets,
  ioctl_tiocgpgrp,
  ioctl_tiocgptn,
  ioctl_tiocgptpeer,
  ioctl_tiocgwinsz,
  ioctl_tiocnotty,
  ioctl_tiocsctty,
  ioctl_tiocspgrp,
  ioctl_tiocsptlck,
  ioctl_tiocswinsz,
} from './terminal.js';

const fd = int<Fd>('int fd');
const request = 'unsigned long request';
/** What the questions about a namespace have in common. */
const ofNamespace = { name: 'ioctl', man: 'ioctl_ns(2)', scope: 'process' } as const;

/**
 * `ioctl(fd, NS_GET_NSTYPE)`: of which type a namespace is. See ioctl_ns(2).
 *
 * Acts on nothing.
 *
 * @param fd - a file of `/proc/PID/ns`.
 * @returns one {@link CLONE} value, as `CLONE.NEWNET`.
 * @throws SyscallError ENOTTY: not such a file.
 */
export const ioctl_ns_get_nstype: Syscall<[fd: Fd], number> = defineSyscall({
  ...ofNamespace,
  args: [fd, named(request, NS_GET, NS_GET.NSTYPE)],
  result: number,
});

/**
 * `ioctl(fd, NS_GET_USERNS)`: opens the user namespace that owns a namespace: the one in which a capability is needed
 * to change it. See ioctl_ns(2).
 *
 * Acts on the process, which gets the descriptor; execve closes it.
 *
 * @param fd - a file of `/proc/PID/ns`. For a user namespace it is the same as {@link ioctl_ns_get_parent}.
 * @returns the descriptor.
 * @throws SyscallError EPERM: it is not the caller's own user namespace or one below. ENOTTY: not such a file.
 */
export const ioctl_ns_get_userns: Syscall<[fd: Fd], Fd> = defineSyscall({
  ...ofNamespace,
  args: [fd, named(request, NS_GET, NS_GET.USERNS)],
  result: number,
});

/**
 * `ioctl(fd, NS_GET_PARENT)`: opens the parent of a PID or user namespace. See ioctl_ns(2).
 *
 * Acts on the process, which gets the descriptor; execve closes it.
 *
 * @param fd - a `pid` or `user` file of `/proc/PID/ns`.
 * @returns the descriptor.
 * @throws SyscallError EPERM: the parent is outside of the caller's namespace, or there is none. EINVAL: namespaces of
 * this type have no parents. ENOTTY: not such a file.
 */
export const ioctl_ns_get_parent: Syscall<[fd: Fd], Fd> = defineSyscall({
  ...ofNamespace,
  args: [fd, named(request, NS_GET, NS_GET.PARENT)],
  result: number,
});

/**
 * `ioctl(fd, NS_GET_OWNER_UID, uid)`: who made a user namespace. See ioctl_ns(2).
 *
 * Acts on nothing.
 *
 * @param fd - a `user` file of `/proc/PID/ns`.
 * @returns the user, as an id of the caller's user namespace; 65534 where it has no mapping there.
 * @throws SyscallError EINVAL: not a user namespace. ENOTTY: not such a file.
 */
export const ioctl_ns_get_owner_uid: Syscall<[fd: Fd], Uid> = defineSyscall({
  ...ofNamespace,
  args: [fd, named(request, NS_GET, NS_GET.OWNER_UID), outUint<Uid>('uid_t *argp')],
  result: (_returned, uid) => uid,
});

/** A name of an interface is cut at 15 bytes by the kernel's struct. */
const nameTooLong = (name: string): string | undefined =>
  Buffer.byteLength(name) <= 15 && !name.includes('\0')
    ? undefined
    : 'the name of a network interface has 15 bytes at most, and no NUL';

/** A network interface by its name, and its {@link IFF} bits. */
export interface InterfaceFlags {
  readonly name: string;
  readonly flags: number;
}

const interfaceFlags = input<InterfaceFlags>('struct ifreq *ifr', {
  encode: ({ name, flags }, block) => ifreqFlags.encode({ ifr_name: name, ifr_flags: flags }, block),
  render: ({ name, flags }) => ifreqFlags.render({ ifr_name: name, ifr_flags: flags }),
  refuse: ({ name }) => nameTooLong(name),
});

const interfaceName = inOut<string, number>('struct ifreq *ifr', {
  encode: (name, block) => ifreqFlags.encode({ ifr_name: name }, block),
  decode: (bytes, offset) => ifreqFlags.decode(bytes, offset).ifr_flags,
  render: (name) => ifreqFlags.render({ ifr_name: name }),
  refuse: nameTooLong,
});

/**
 * `ioctl(fd, SIOCSIFFLAGS, ifr)`: sets the flags of a network interface: with `IFF.UP`, it is up. See netdevice(7).
 *
 * Acts on the network namespace that the socket belongs to.
 *
 * @param fd - any socket.
 * @param ifr - `name`: the interface, 15 bytes at most; `flags`: all of its {@link IFF} bits; those that cannot be set
 * are ignored.
 * @throws SyscallError EPERM: without CAP_NET_ADMIN in the user namespace that owns the network namespace. ENODEV: no
 * such interface.
 */
export const ioctl_siocsifflags: Syscall<[fd: Fd, ifr: InterfaceFlags], void> = defineSyscall({
  name: 'ioctl',
  man: 'netdevice(7)',
  scope: 'process',
  args: [fd, named(request, SIOC, SIOC.SIFFLAGS), interfaceFlags],
  result: nothing,
});

/**
 * `ioctl(fd, SIOCGIFFLAGS, ifr)`: the flags of a network interface. See netdevice(7).
 *
 * Acts on nothing. It looks into the network namespace that the socket belongs to.
 *
 * @param fd - any socket.
 * @param name - the interface, 15 bytes at most.
 * @returns {@link IFF} bits, the lower 16 that there are.
 * @throws SyscallError ENODEV: no such interface.
 */
export const ioctl_siocgifflags: Syscall<[fd: Fd, name: string], number> = defineSyscall({
  name: 'ioctl',
  man: 'netdevice(7)',
  scope: 'process',
  args: [fd, named(request, SIOC, SIOC.GIFFLAGS), interfaceName],
  result: (_returned, flags) => flags,
});

/**
 * `ioctl(fd, FIONBIO, on)`: whether reads and writes that would have to wait fail with EAGAIN: `O_NONBLOCK`. See
 * ioctl(2).
 *
 * Acts on the open file, so also on those who got it from fork, dup or a socket.
 *
 * @param fd - any open file.
 * @param on - 1 or 0.
 * @throws SyscallError EBADF: it is not open.
 */
export const ioctl_fionbio: Syscall<[fd: Fd, on: number], void> = defineSyscall({
  name: 'ioctl',
  man: 'ioctl(2)',
  scope: 'process',
  args: [fd, named(request, FIO, FIO.NBIO), intAt('const int *argp')],
  result: nothing,
});
