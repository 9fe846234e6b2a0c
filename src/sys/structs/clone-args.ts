import type { Arg } from '../args.js';
import { CLONE } from '../constants/namespace.js';
import { SIG } from '../constants/signal.js';
import { flagNames } from '../flags.js';
import { LateNumber } from '../operand.js';
import { i32, shownAs, struct, u64 } from '../struct.js';

/** `struct clone_args` of clone3(2), as of Linux 5.7. */
export const cloneArgs = struct('clone_args', 'linux/sched.h', {
  flags: shownAs(u64, (value) => flagNames(CLONE, value)),
  pidfd: u64,
  child_tid: u64,
  parent_tid: u64,
  exit_signal: shownAs(u64, (value) => flagNames(SIG, value)),
  stack: u64,
  stack_size: u64,
  tls: u64,
  set_tid: u64,
  set_tid_size: u64,
  cgroup: u64,
});

/**
 * The arguments of clone3: see clone(2). The places for the pidfd (CLONE_PIDFD) and the child's pid (CLONE_PARENT_SETTID) are
 * made with them, so they are not here.
 */
export interface CloneArgs {
  /** {@link CLONE} bits. */
  readonly flags?: number;
  /** Where the child's pid goes in the child's memory (CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID), an address. */
  readonly child_tid?: number;
  /** The signal that the parent gets when the child ends; 0 for none. */
  readonly exit_signal?: number;
  /** The lowest address of the child's stack, and its size in bytes. */
  readonly stack?: number;
  readonly stack_size?: number;
  /** Thread-local storage (CLONE_SETTLS), an address. */
  readonly tls?: number;
  /** Chosen pids, outermost PID namespace last: an address, and how many. */
  readonly set_tid?: number;
  readonly set_tid_size?: number;
  /** An fd of the cgroup that the child is born into (CLONE_INTO_CGROUP); in a plan also one that the launch brings. */
  readonly cgroup?: number | LateNumber;
}

/** What the kernel leaves for the parent before the child runs: -1 where it was not asked to. */
export interface CloneLeft {
  readonly pidfd: number;
  readonly pid: number;
}

/** Where {@link CloneLeft} is, bytes from the start of the struct. */
export const cloneLeftAt = { pidfd: 96, pid: 100 } as const;

/** Where the low half of the fd of the cgroup is, bytes from the start of the struct: the other half is 0. */
export const cgroupAt: number = cloneArgs.offsets.cgroup;

/** The two parameters of clone3(2), with the places that it writes to right behind the struct. */
export const cloneArgument: Arg<[CloneArgs], [CloneLeft]> = {
  c: ['struct clone_args *cl_args', 'size_t size'],
  takes: 1,
  gives: 1,
  encode(value, block) {
    const flags = unsignedFlags(value.flags);
    const start = block.reserve(cloneLeftAt.pid + 4) + block.address;
    const left = start - block.address;
    block.setInt32(left + cloneLeftAt.pidfd, -1);
    block.setInt32(left + cloneLeftAt.pid, -1);
    cloneArgs.put(
      {
        ...withNumber(value),
        flags,
        pidfd: hasFlag(flags, CLONE.PIDFD) ? start + cloneLeftAt.pidfd : 0,
        parent_tid: hasFlag(flags, CLONE.PARENT_SETTID) ? start + cloneLeftAt.pid : 0,
      },
      block,
      left,
    );
    return [start, cloneArgs.size];
  },
  decode: (bytes, offset) => ({
    pidfd: i32.decode(bytes, offset + cloneLeftAt.pidfd),
    pid: i32.decode(bytes, offset + cloneLeftAt.pid),
  }),
  render: (value) => `${renderClone(value)}, ${cloneArgs.size}`,
  refuse: () => undefined,
};

/** What the launch brings is laid down by itself: see {@link cgroupAt}. */
function withNumber({ cgroup = 0, ...others }: CloneArgs): Omit<CloneArgs, 'cgroup'> & { cgroup: number } {
  return { ...others, cgroup: cgroup instanceof LateNumber ? 0 : cgroup };
}

function renderClone({ cgroup, ...others }: CloneArgs): string {
  if (!(cgroup instanceof LateNumber)) return cloneArgs.render(cgroup === undefined ? others : { ...others, cgroup });
  return `${cloneArgs.render(others).slice(0, -1)}, cgroup=${cgroup.shown}}`;
}

/** `|` makes a negative number of a word with CLONE_IO, its highest bit of 32: the same word without the sign. */
export function unsignedFlags(flags = 0): number {
  return flags < 0 ? flags >>> 0 : flags;
}

/** Whether a word has a flag: `&` looks at 32 bits only, and clone3 has flags above them. */
function hasFlag(word: number, flag: number): boolean {
  return Math.floor(word / flag) % 2 === 1;
}
