import { type Arg, constant, input, out } from '../args.js';
import type { Block } from '../block.js';
import type { Pid } from '../brands.js';
import { CAP } from '../constants/capability.js';
import { CAPABILITY_VERSION_3, type CapabilitySets, capData, capHeader } from '../structs/capability.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

const header = (pid: number) => ({ version: CAPABILITY_VERSION_3, pid });

const headerOf = input<Pid>('cap_user_header_t hdrp', {
  encode: (pid, block) => capHeader.encode(header(pid), block),
  render: (pid) => capHeader.render(header(pid)),
});

const ownHeader: Arg<[], []> = {
  ...constant('cap_user_header_t hdrp', 0, capHeader.render(header(0))),
  encode: (_, block: Block) => capHeader.encode(header(0), block),
};

const low = (mask: bigint): number => Number(mask & 0xffff_ffffn);
const high = (mask: bigint): number => Number((mask >> 32n) & 0xffff_ffffn);

/** `0`, or `1<<CAP_CHOWN|1<<CAP_KILL`, as strace(1) writes a mask of capabilities. */
function renderMask(mask: bigint): string {
  let left = mask;
  const names: string[] = [];
  for (const [name, bit] of Object.entries<number>(CAP)) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue;
    names.push(`1<<CAP_${name}`);
    left &= ~(1n << BigInt(bit));
  }
  if (left !== 0n) names.push(`0x${left.toString(16)}`);
  return names.length === 0 ? '0' : names.join('|');
}

const sets = input<CapabilitySets>('const cap_user_data_t datap', {
  encode: ({ effective, permitted, inheritable }, block) => {
    const offset = block.reserve(capData.size * 2);
    const half = (part: (mask: bigint) => number) => ({
      effective: part(effective),
      permitted: part(permitted),
      inheritable: part(inheritable),
    });
    capData.put(half(low), block, offset);
    capData.put(half(high), block, offset + capData.size);
    return block.address + offset;
  },
  render: ({ effective, permitted, inheritable }) =>
    `{effective=${renderMask(effective)}, permitted=${renderMask(permitted)}, inheritable=${renderMask(inheritable)}}`,
});

const outSets = out('cap_user_data_t datap', capData.size * 2, (bytes, offset): CapabilitySets => {
  const first = capData.decode(bytes, offset);
  const second = capData.decode(bytes, offset + capData.size);
  const both = (key: keyof CapabilitySets) => BigInt(first[key]) | (BigInt(second[key]) << 32n);
  return { effective: both('effective'), permitted: both('permitted'), inheritable: both('inheritable') };
});

/**
 * `capget(hdrp, datap)`: the capabilities of a thread. See capget(2).
 *
 * Acts on nothing.
 *
 * @param pid - the thread; 0 for the caller; the id of a process is that of its main thread.
 * @returns the three sets, a bit for each {@link CAP}: `masks.effective & (1n << BigInt(CAP.SYS_ADMIN))`.
 * @throws SyscallError ESRCH: there is no such thread.
 */
export const capget: Syscall<[pid: Pid], CapabilitySets> = defineSyscall({
  name: 'capget',
  man: 'capget(2)',
  scope: 'thread',
  args: [headerOf, outSets],
  result: (_returned, masks) => masks,
});

/**
 * `capset(hdrp, datap)`: sets the capabilities of the calling thread. See capget(2).
 *
 * Acts on the calling thread alone: made at once, the other threads of Node keep theirs. Those of a program that is
 * executed follow from these by the rules of capabilities(7).
 *
 * @param masks - all three sets, a bit for each {@link CAP}.
 * @throws SyscallError EPERM: a capability would be permitted that is not now; one would be effective that is not
 * permitted; or one would become inheritable that is outside of the bounding set, or, without CAP_SETPCAP, that is not
 * permitted.
 */
export const capset: Syscall<[masks: CapabilitySets], void> = defineSyscall({
  name: 'capset',
  man: 'capget(2)',
  scope: 'thread',
  args: [ownHeader, sets],
  result: nothing,
});
