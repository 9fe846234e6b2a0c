import { flags, input, int, integer, oneOf, outFds } from '../args.js';
import type { Fd } from '../brands.js';
import { AF, MSG, NETLINK, SHUT, SOCK } from '../constants/socket.js';
import { nameOfValue } from '../flags.js';
import { type Message, messageOut, type Received, receivedMessage } from '../structs/message.js';
import { renderAddress } from '../structs/sockaddr.js';
import { defineSyscall, nothing, number, type Syscall } from '../syscall.js';

/** What a protocol is depends on the family, the first argument. */
const protocol = integer('int protocol', (value, all) =>
  all?.[0] === AF.NETLINK ? (nameOfValue(NETLINK, value) ?? String(value)) : String(value),
);

/**
 * `socket(domain, type, protocol)`: makes a socket. See socket(2).
 *
 * Acts on the process, which gets the descriptor. The socket belongs to the network namespace of the calling thread,
 * and stays in it wherever the descriptor goes.
 *
 * @param domain - an {@link AF} value.
 * @param type - a {@link SOCK} type, with `SOCK.CLOEXEC` and `SOCK.NONBLOCK` where wanted.
 * @param protocol - 0 for the usual one; for `AF.NETLINK` a {@link NETLINK} value.
 * @returns the descriptor.
 * @throws SyscallError EACCES, EPERM: the type needs CAP_NET_RAW. EAFNOSUPPORT: no such family. EPROTONOSUPPORT,
 * ESOCKTNOSUPPORT: a type or protocol that the family does not have. EMFILE, ENFILE: no more descriptors.
 */
export const socket: Syscall<[domain: number, type: number, protocol: number], Fd> = defineSyscall({
  name: 'socket',
  man: 'socket(2)',
  scope: 'process',
  args: [oneOf('int domain', AF), flags('int type', SOCK), protocol],
  result: number,
});

/**
 * `socketpair(domain, type, protocol, sv)`: makes two sockets that are connected to each other. See socketpair(2).
 *
 * Acts on the process, which gets the descriptors.
 *
 * @param domain - `AF.UNIX`.
 * @param type - a {@link SOCK} type, with `SOCK.CLOEXEC` and `SOCK.NONBLOCK` where wanted. `SOCK.SEQPACKET` keeps
 * messages apart, and has an end as `SOCK.STREAM` has.
 * @param protocol - 0.
 * @returns both ends.
 * @throws SyscallError EOPNOTSUPP: a family that has no pairs. EMFILE, ENFILE: no more descriptors.
 */
export const socketpair: Syscall<[domain: number, type: number, protocol: number], [Fd, Fd]> = defineSyscall({
  name: 'socketpair',
  man: 'socketpair(2)',
  scope: 'process',
  args: [oneOf('int domain', AF), flags('int type', SOCK), protocol, outFds('int sv[2]')],
  result: (_returned, both) => both,
});

const address = input<Uint8Array>(['const struct sockaddr *addr', 'socklen_t addrlen'], {
  encode: (value, block) => [block.putBytes(value), value.length],
  render: (value) => `${renderAddress(value)}, ${value.length}`,
});

/**
 * `bind(sockfd, addr, addrlen)`: gives a socket its address. See bind(2).
 *
 * Acts on the socket. For a path, `AF.UNIX` makes a file, which stays when the socket is gone.
 *
 * @param sockfd - the socket.
 * @param addr - the address as bytes: {@link unixAddress} and {@link netlinkAddress} make them.
 * @throws SyscallError EADDRINUSE: another socket has it; for a path, something has that name. EACCES: a port below
 * `net.ipv4.ip_unprivileged_port_start` without CAP_NET_BIND_SERVICE, or a directory that is not writable.
 * EADDRNOTAVAIL: not an address of this network namespace. EINVAL: bound already, or too short or too long.
 */
export const bind: Syscall<[sockfd: Fd, addr: Uint8Array], void> = defineSyscall({
  name: 'bind',
  man: 'bind(2)',
  scope: 'process',
  args: [int<Fd>('int sockfd'), address],
  result: nothing,
});

/**
 * `listen(sockfd, backlog)`: has others connect to a socket, which cannot connect itself any more. See listen(2).
 *
 * Acts on the socket.
 *
 * @param sockfd - the socket, which has an address.
 * @param backlog - how many may wait to be accepted. `AF.UNIX` takes one more than that.
 * @throws SyscallError EINVAL: it has no address, or is connected. EOPNOTSUPP: of a type that nobody connects to, as
 * `SOCK.DGRAM`. EADDRINUSE: another socket listens at that port. EBADF, ENOTSOCK: it is no socket.
 */
export const listen: Syscall<[sockfd: Fd, backlog: number], void> = defineSyscall({
  name: 'listen',
  man: 'listen(2)',
  scope: 'process',
  args: [int<Fd>('int sockfd'), int('int backlog')],
  result: nothing,
});

/**
 * `connect(sockfd, addr, addrlen)`: connects a socket to the one at an address. See connect(2) and unix(7).
 *
 * Acts on the socket. It blocks the event loop until it is connected, unless the socket is non-blocking. An `AF.UNIX`
 * socket is connected at once, before the other side accepts it.
 *
 * @param sockfd - the socket.
 * @param addr - the address as bytes: {@link unixAddress} and {@link netlinkAddress} make them.
 * @throws SyscallError ECONNREFUSED: nobody listens there; for a path, it is no socket, or one that is gone. ENOENT: no
 * such path. EACCES: the path may not be looked up or written to. EAGAIN: for `AF.UNIX`, as many wait there as may, and
 * the socket is non-blocking. EINPROGRESS: for other families, it is under way, and the socket is non-blocking.
 * EPROTOTYPE: a socket of another type. EISCONN: connected already. EINVAL: it listens, or the address is too short or
 * too long.
 */
export const connect: Syscall<[sockfd: Fd, addr: Uint8Array], void> = defineSyscall({
  name: 'connect',
  man: 'connect(2)',
  scope: 'process',
  args: [int<Fd>('int sockfd'), address],
  result: nothing,
});

/**
 * `sendmsg(sockfd, msg, flags)`: sends a message, and copies of file descriptors with it (SCM_RIGHTS). See send(2) and
 * unix(7).
 *
 * Acts on the socket. It blocks the event loop while there is no room, unless the socket is non-blocking.
 *
 * @param sockfd - the socket.
 * @param msg - `data`: the bytes; `fds`: descriptors, on an `AF.UNIX` socket, with at least one byte; `name`: whom to
 * send to, where the socket is not connected.
 * @param flags - {@link MSG} bits. Node ignores SIGPIPE, so that `MSG_NOSIGNAL` is needed only in a child.
 * @returns how many bytes were sent, which on a stream may be fewer.
 * @throws SyscallError EAGAIN: there is no room now, and the socket is non-blocking. EPIPE, ECONNRESET, ECONNREFUSED,
 * ENOTCONN: nobody is there. EBADF: it, or one of `fds`, is not open. EMSGSIZE: too large for one message.
 * ETOOMANYREFS: too many descriptors are under way.
 */
export const sendmsg: Syscall<[sockfd: Fd, msg: Message, flags: number], number> = defineSyscall({
  name: 'sendmsg',
  man: 'send(2)',
  scope: 'process',
  args: [int<Fd>('int sockfd'), messageOut, flags('int flags', MSG)],
  result: number,
});

/**
 * `recvmsg(sockfd, msg, flags)`: receives a message, and file descriptors with it (SCM_RIGHTS). See recv(2) and
 * unix(7).
 *
 * Acts on the process, which gets the descriptors. It blocks the event loop until there is a message, unless the socket
 * is non-blocking or `MSG_DONTWAIT` is given.
 *
 * @param sockfd - the socket.
 * @param size - bytes, at most. The rest of a message that is longer is lost, except on a stream.
 * @param flags - {@link MSG} bits. Give `MSG_CMSG_CLOEXEC`, or every program that Node starts inherits the descriptors.
 * @returns what came. On a stream, no bytes are its end. All of `fds` are open, and the caller's to close.
 * @throws SyscallError EAGAIN: there is nothing, and it should not wait. ECONNREFUSED, ENOTCONN: nobody is there.
 * EINTR: a signal came. EBADF, ENOTSOCK: it is no socket.
 */
export const recvmsg: Syscall<[sockfd: Fd, size: number, flags: number], Received> = defineSyscall({
  name: 'recvmsg',
  man: 'recv(2)',
  scope: 'process',
  args: [int<Fd>('int sockfd'), receivedMessage, flags('int flags', MSG)],
  result: (_returned, message) => message,
});

/**
 * `shutdown(sockfd, how)`: ends a connection, in one direction or both. See shutdown(2).
 *
 * Acts on the socket itself, not on the descriptor: the other side sees the end of the stream at once, also while other
 * processes hold copies of the descriptor, for which a `close` would have to wait.
 *
 * @param sockfd - the socket, which is connected.
 * @param how - a {@link SHUT} value: nothing is received, nothing sent, or neither, any more.
 * @throws SyscallError ENOTCONN: it is not connected. EBADF, ENOTSOCK: it is no socket.
 */
export const shutdown: Syscall<[sockfd: Fd, how: number], void> = defineSyscall({
  name: 'shutdown',
  man: 'shutdown(2)',
  scope: 'process',
  args: [int<Fd>('int sockfd'), oneOf('int how', SHUT)],
  result: nothing,
});
