import { AF, CLONE, IFF, ioctl_siocsifflags, SOCK, type Step, socket } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The network namespace: interfaces, addresses, routes, firewall rules, ports, abstract Unix sockets. A new one has a
 * loopback interface that is down, and nothing else.
 *
 * Equivalent to: `unshare --net`. See network_namespaces(7).
 */
export const net: Namespace = {
  kind: 'net',
  flag: CLONE.NEWNET,
  file: 'net',
  limit: 'max_net_namespaces',
  isolates: 'network interfaces, addresses, routes, ports and abstract Unix sockets',
  man: 'network_namespaces(7)',
};

/**
 * Steps that bring the loopback interface up, for a process in a network namespace of its own. With the interface come its
 * addresses, 127.0.0.1 and ::1.
 *
 * Equivalent to: `ip link set lo up`. See netdevice(7).
 */
export function loopbackUp(): Step[] {
  const handle = socket
    .step(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0)
    .because('an interface is configured through any socket of its namespace');
  const up = ioctl_siocsifflags
    .step(handle.result, { name: 'lo', flags: IFF.UP | IFF.RUNNING })
    .because('127.0.0.1 and ::1 answer');
  return [handle, up];
}
