import { inOut, input } from '../args.js';
import type { Fd } from '../brands.js';
import { SCM, SOL } from '../constants/socket.js';
import { quoted } from '../quoted.js';
import { i32, struct, u32, u64 } from '../struct.js';
import { renderAddress } from './sockaddr.js';

/** `struct msghdr` of sendmsg(2). */
export const msghdr = struct('msghdr', 'sys/socket.h', {
  msg_name: u64,
  msg_namelen: u32,
  msg_iov: u64,
  msg_iovlen: u64,
  msg_control: u64,
  msg_controllen: u64,
  msg_flags: u32,
});

/** `struct iovec` of readv(2). */
export const iovec = struct('iovec', 'linux/uio.h', { iov_base: u64, iov_len: u64 });

/** `struct cmsghdr` of cmsg(3), the head of a control message. */
export const cmsghdr = struct('cmsghdr', 'sys/socket.h', { cmsg_len: u64, cmsg_level: i32, cmsg_type: i32 });

/** What sendmsg(2) sends. */
export interface Message {
  /** The bytes; a string is sent as UTF-8. A stream socket needs at least one to carry descriptors. */
  readonly data: string | Uint8Array;
  /** Descriptors of this process that the receiver gets copies of: 253 at most. */
  readonly fds?: readonly Fd[];
  /** The address to send to, for a socket that is not connected. */
  readonly name?: Uint8Array;
}

/** What recvmsg(2) received. */
export interface Received {
  readonly data: Buffer;
  /** Descriptors that came with it. They are open now, and the caller's to close. */
  readonly fds: readonly Fd[];
  /** {@link MSG} bits: MSG_TRUNC and MSG_CTRUNC say that something did not fit. */
  readonly flags: number;
  /** The address of the sender; empty where the socket is connected or the sender has none. */
  readonly name: Buffer;
}

/** The most descriptors that one message carries: SCM_MAX_FD of the kernel. */
const mostFds = 253;

/** The message that sendmsg(2) sends. */
export const messageOut = input<Message>('const struct msghdr *msg', {
  encode: ({ data, fds = [], name }, block) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const header: Partial<ReturnType<typeof msghdr.decode>> = {
      msg_iov: iovec.encode({ iov_base: block.putBytes(bytes), iov_len: bytes.length }, block),
      msg_iovlen: 1,
    };
    if (name !== undefined) Object.assign(header, { msg_name: block.putBytes(name), msg_namelen: name.length });
    if (fds.length > 0) {
      const control = block.reserve(spaceFor(fds.length));
      const cmsg_len = cmsghdr.size + fds.length * 4;
      cmsghdr.put({ cmsg_len, cmsg_level: SOL.SOCKET, cmsg_type: SCM.RIGHTS }, block, control);
      fds.forEach((fd, i) => {
        block.setInt32(control + cmsghdr.size + i * 4, fd);
      });
      Object.assign(header, { msg_control: block.address + control, msg_controllen: cmsg_len });
    }
    return msghdr.encode(header, block);
  },
  render: ({ data, fds = [], name }) => {
    const length = fds.length === 0 ? 0 : cmsghdr.size + fds.length * 4;
    const rights = `cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${fds.join(', ')}]`;
    return `{${[
      `msg_name=${name === undefined ? 'NULL' : renderAddress(name)}`,
      `msg_namelen=${name?.length ?? 0}`,
      `msg_iov=[{iov_base=${quoted(data)}, iov_len=${Buffer.byteLength(data)}}]`,
      'msg_iovlen=1',
      ...(length === 0 ? [] : [`msg_control=[{cmsg_len=${length}, ${rights}}]`]),
      `msg_controllen=${length}`,
      'msg_flags=0',
    ].join(', ')}}`;
  },
  refuse: ({ fds = [] }) => (fds.length <= mostFds ? undefined : `one message carries ${mostFds} descriptors at most`),
});

/** Bytes of a control message with so many descriptors: CMSG_SPACE of the C library. */
function spaceFor(fds: number): number {
  return cmsghdr.size + Math.ceil((fds * 4) / 8) * 8;
}

// Where the parts of a message that is to be received are, from the start of the header.
const iovAt = msghdr.size + (-msghdr.size & 15);
const nameAt = iovAt + iovec.size;
const nameSize = 128;
const controlAt = nameAt + nameSize;
/** Room for all descriptors, and for the credentials of the sender where the socket gives them. */
const controlSize = spaceFor(mostFds) + 48;
const dataAt = controlAt + controlSize;

/** The message that recvmsg(2) receives: the caller gives how many bytes it takes. */
export const receivedMessage = inOut<number, Received>('struct msghdr *msg', {
  encode: (size, block) => {
    const offset = block.reserve(dataAt + size);
    const start = block.address + offset;
    iovec.put({ iov_base: start + dataAt, iov_len: size }, block, offset + iovAt);
    const header = { msg_name: start + nameAt, msg_namelen: nameSize, msg_iov: start + iovAt, msg_iovlen: 1 };
    msghdr.put({ ...header, msg_control: start + controlAt, msg_controllen: controlSize }, block, offset);
    return start;
  },
  decode: (bytes, offset, size, returned) => {
    const header = msghdr.decode(bytes, offset);
    const part = (start: number, length: number) =>
      Buffer.from(bytes.subarray(offset + start, offset + start + length));
    return {
      // With MSG_TRUNC the result is the length of the whole message, which may be more than came.
      data: part(dataAt, Math.min(returned, size)),
      fds: fdsIn(bytes, offset + controlAt, header.msg_controllen),
      flags: header.msg_flags,
      name: part(nameAt, Math.min(header.msg_namelen, nameSize)),
    };
  },
  render: (size) => `{msg_iov=[{iov_base=…, iov_len=${size}}], msg_iovlen=1, msg_controllen=${controlSize}}`,
  refuse: (size) => (Number.isSafeInteger(size) && size >= 0 ? undefined : 'a size is a whole number from 0'),
});

/** The descriptors of all SCM_RIGHTS messages in a control buffer. */
function fdsIn(bytes: Buffer, start: number, length: number): Fd[] {
  const fds: Fd[] = [];
  let at = start;
  while (at + cmsghdr.size <= start + length) {
    const { cmsg_len, cmsg_level, cmsg_type } = cmsghdr.decode(bytes, at);
    if (cmsg_len < cmsghdr.size) break;
    if (cmsg_level === SOL.SOCKET && cmsg_type === SCM.RIGHTS) {
      for (let fd = at + cmsghdr.size; fd + 4 <= at + cmsg_len; fd += 4) fds.push(bytes.readInt32LE(fd));
    }
    at += Math.ceil(cmsg_len / 8) * 8;
  }
  return fds;
}
