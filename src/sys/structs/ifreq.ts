import { IFF } from '../constants/socket.js';
import { flagNames } from '../flags.js';
import { byteArray, type Field, shownAs, struct, u16 } from '../struct.js';

const raw = byteArray(16);
const name: Field<string> = {
  ...raw,
  encode: (value, block, offset) => raw.encode(Buffer.from(value), block, offset),
  decode: (bytes, offset) => bytes.toString('utf8', offset, offset + 16).split('\0', 1)[0] as string,
  render: (value) => JSON.stringify(value),
};

/** `struct ifreq` of netdevice(7), as the requests about flags use it. The names in C are `ifr_name`, `ifr_flags`. */
export const ifreqFlags = struct(
  'ifreq',
  'linux/if.h',
  { ifr_name: name, ifr_flags: shownAs(u16, (value) => flagNames(IFF, value)) },
  { size: 40 },
);
