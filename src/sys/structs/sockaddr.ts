import { AF } from '../constants/socket.js';
import { nameOfValue } from '../flags.js';
import { quoted } from '../quoted.js';

/** The address of a unix(7) socket: a path, or with `@` in front a name in the abstract namespace. */
export function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF.UNIX, 0);
  address.set(name, 2);
  return address;
}

/** The address of a netlink(7) socket. `pid` 0: the kernel, or when a socket is bound, one that it chooses. */
export function netlinkAddress({ pid = 0, groups = 0 }: { pid?: number; groups?: number } = {}): Uint8Array {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF.NETLINK, 0);
  address.writeUInt32LE(pid, 4);
  address.writeUInt32LE(groups, 8);
  return address;
}

/** An address as strace(1) writes it. */
export function renderAddress(address: Uint8Array): string {
  const bytes = Buffer.from(address.buffer, address.byteOffset, address.length);
  if (bytes.length < 2) return quoted(bytes);
  const family = bytes.readUInt16LE(0);
  const name = `sa_family=${nameOfValue(AF, family) ?? family}`;
  if (family === AF.UNIX && bytes.length > 2) {
    const abstract = bytes[2] === 0;
    const path = bytes.toString('utf8', abstract ? 3 : 2);
    return `{${name}, sun_path=${abstract ? '@' : ''}${JSON.stringify(abstract ? path : path.split('\0', 1)[0])}}`;
  }
  if (family === AF.NETLINK && bytes.length >= 12) {
    const groups = bytes.readUInt32LE(8);
    const shown = groups === 0 ? '00000000' : `0x${groups.toString(16).padStart(6, '0')}`;
    return `{${name}, nl_pid=${bytes.readUInt32LE(4)}, nl_groups=${shown}}`;
  }
  return `{${name}, sa_data=${quoted(bytes.subarray(2))}}`;
}
