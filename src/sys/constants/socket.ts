import { flagSet } from '../flags.js';

// The kernel does not export these numbers in a header of its own: the C library's are the reference.

/** Families of addresses: socket(2). */
export const AF = flagSet('AF_', 'sys/socket.h', {
  UNSPEC: 0,
  UNIX: 1,
  INET: 2,
  INET6: 10,
  NETLINK: 16,
  PACKET: 17,
  ALG: 38,
  VSOCK: 40,
  XDP: 44,
});

/** The parts of the kernel that a netlink(7) socket talks to. */
export const NETLINK = flagSet('NETLINK_', 'linux/netlink.h', {
  ROUTE: 0,
  USERSOCK: 2,
  SOCK_DIAG: 4,
  AUDIT: 9,
  NETFILTER: 12,
  KOBJECT_UEVENT: 15,
  GENERIC: 16,
});

/** The type of a socket, and flags of its descriptor: socket(2). */
export const SOCK = flagSet('SOCK_', 'sys/socket.h', {
  STREAM: 1,
  DGRAM: 2,
  RAW: 3,
  SEQPACKET: 5,
  CLOEXEC: 0o2000000,
  NONBLOCK: 0o4000,
});

/** Which directions shutdown(2) ends. */
export const SHUT = flagSet('SHUT_', 'sys/socket.h', { RD: 0, WR: 1, RDWR: 2 });

/** Levels of socket options and of control messages: socket(7). */
export const SOL = flagSet('SOL_', 'sys/socket.h', { SOCKET: 1, NETLINK: 270 });

/** Control messages of the level SOL_SOCKET: unix(7). */
export const SCM = flagSet('SCM_', 'sys/socket.h', { RIGHTS: 1, CREDENTIALS: 2 });

/** Flags of sendmsg(2) and recvmsg(2), and what recvmsg(2) gives back. */
export const MSG = flagSet('MSG_', 'sys/socket.h', {
  OOB: 0x1,
  PEEK: 0x2,
  DONTROUTE: 0x4,
  CTRUNC: 0x8,
  TRUNC: 0x20,
  DONTWAIT: 0x40,
  EOR: 0x80,
  WAITALL: 0x100,
  CONFIRM: 0x800,
  ERRQUEUE: 0x2000,
  NOSIGNAL: 0x4000,
  MORE: 0x8000,
  CMSG_CLOEXEC: 0x40000000,
});

/** The flags of a network interface: netdevice(7). */
export const IFF = flagSet('IFF_', 'linux/if.h', {
  UP: 1 << 0,
  BROADCAST: 1 << 1,
  DEBUG: 1 << 2,
  LOOPBACK: 1 << 3,
  POINTOPOINT: 1 << 4,
  NOTRAILERS: 1 << 5,
  RUNNING: 1 << 6,
  NOARP: 1 << 7,
  PROMISC: 1 << 8,
  ALLMULTI: 1 << 9,
  MASTER: 1 << 10,
  SLAVE: 1 << 11,
  MULTICAST: 1 << 12,
  PORTSEL: 1 << 13,
  AUTOMEDIA: 1 << 14,
  DYNAMIC: 1 << 15,
});
