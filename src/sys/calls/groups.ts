import { type Arg, constant, input, out } from '../args.js';
import type { Gid } from '../brands.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/** As many as fit the memory that every call has: the kernel allows 65536, and nobody has thousands. */
const mostGroups = 16_000;

const list: Arg<[], [Gid[]]> = {
  ...out<Gid[]>('gid_t *list', mostGroups * 4, () => []),
  encode: (_, block) => block.address + block.reserve(mostGroups * 4),
  decode: (bytes, offset, _value, count) => Array.from({ length: count }, (_, i) => bytes.readUInt32LE(offset + i * 4)),
};

/**
 * `getgroups(size, list)`: the supplementary groups. See getgroups(2).
 *
 * Acts on nothing.
 *
 * @returns the ids, in the caller's user namespace; the effective group may be among them, or not.
 * @throws SyscallError EINVAL: there are more than 16000.
 */
export const getgroups: Syscall<[], Gid[]> = defineSyscall({
  name: 'getgroups',
  man: 'getgroups(2)',
  scope: 'thread',
  args: [constant('int size', mostGroups), list],
  result: (_returned, groups) => groups,
});

const groups = input<readonly Gid[]>(['size_t size', 'const gid_t *list'], {
  encode: (gids, block) => {
    const offset = block.reserve(gids.length * 4);
    gids.forEach((gid, i) => {
      block.setInt32(offset + i * 4, gid);
    });
    return [gids.length, block.address + offset];
  },
  render: (gids) => `${gids.length}, [${gids.join(', ')}]`,
  refuse: (gids) => (gids.every(Number.isSafeInteger) ? undefined : 'a group id is a whole number'),
});

/**
 * `setgroups(size, list)`: sets the supplementary groups. See getgroups(2).
 *
 * Acts on the calling thread alone, as {@link setresuid} does.
 *
 * @param groups - all of them, as ids of the caller's user namespace; an empty list gives all up.
 * @throws SyscallError EPERM: without CAP_SETGID; or in a user namespace whose `/proc/PID/setgroups` says `deny`, or
 * that has no gid_map yet. EINVAL: more than 65536, or an id that has no mapping in this user namespace.
 */
export const setgroups: Syscall<[groups: readonly Gid[]], void> = defineSyscall({
  name: 'setgroups',
  man: 'getgroups(2)',
  scope: 'thread',
  args: [groups],
  result: nothing,
});
