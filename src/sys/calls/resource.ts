import { input, int, oneOf, outStruct, pointer } from '../args.js';
import type { Pid } from '../brands.js';
import { RLIMIT } from '../constants/resource.js';
import { type Rlimit, rlimit64 } from '../structs/resource.js';
import { defineSyscall, nothing, type Syscall } from '../syscall.js';

/**
 * `prlimit64(pid, resource, new_limit, old_limit)`: reads a limit of a process, and sets it where a new one is given.
 * See prlimit(2).
 *
 * Acts on the process that it names. What that starts afterwards inherits the limit.
 *
 * @param pid - the process; 0 for the caller.
 * @param resource - a {@link RLIMIT} value, which also says the unit: bytes, seconds, a number of things.
 * @param new_limit - `rlim_cur`: the limit; `rlim_max`: how far `rlim_cur` may be raised; `RLIM64_INFINITY` for none. A
 * member that is left out is 0. `null` to read only.
 * @returns the limit that held before.
 * @throws SyscallError EPERM: `rlim_max` is raised without CAP_SYS_RESOURCE, or the process is another user's. EINVAL:
 * `rlim_cur` is above `rlim_max`, or the resource is not known. ESRCH: there is no such process.
 */
export const prlimit64: Syscall<[pid: Pid, resource: number, new_limit: Partial<Rlimit> | null], Rlimit> =
  defineSyscall({
    name: 'prlimit64',
    man: 'prlimit(2)',
    scope: 'process',
    args: [
      int<Pid>('pid_t pid'),
      oneOf('int resource', RLIMIT),
      pointer('const struct rlimit64 *new_limit', rlimit64, 'nullable'),
      outStruct('struct rlimit64 *old_limit', rlimit64),
    ],
    result: (_returned, old) => old,
  });

/** Bytes of a mask of CPUs: whole words. */
const maskSize = (cpus: readonly number[]): number => ((Math.max(0, ...cpus) >> 6) + 1) * 8;

/** More than any kernel is built for. */
const mostCpus = 65_536;

const cpuMask = input<readonly number[]>(['size_t cpusetsize', 'const cpu_set_t *mask'], {
  encode: (cpus, block) => {
    const size = maskSize(cpus);
    const offset = block.reserve(size);
    block.bytes.fill(0, offset, offset + size);
    for (const cpu of cpus) {
      const at = offset + (cpu >> 3);
      block.bytes[at] = (block.bytes[at] as number) | (1 << (cpu & 7));
    }
    return [size, block.address + offset];
  },
  render: (cpus) => `${maskSize(cpus)}, [${cpus.join(' ')}]`,
  refuse: (cpus) =>
    cpus.every((cpu) => Number.isInteger(cpu) && cpu >= 0 && cpu < mostCpus)
      ? undefined
      : `a CPU is a whole number from 0 to ${mostCpus - 1}`,
});

/**
 * `sched_setaffinity(pid, cpusetsize, mask)`: lets a thread run on some CPUs only. See sched_setaffinity(2).
 *
 * Acts on one thread, and on the threads and processes that it starts afterwards.
 *
 * @param pid - the thread; 0 for the caller; the id of a process is that of its main thread.
 * @param cpus - the numbers of the CPUs, from 0. Those that are not there, or that the cgroup does not have, are left
 * out.
 * @throws SyscallError EINVAL: none is left. EPERM: another user's thread, without CAP_SYS_NICE over it. ESRCH: there
 * is no such thread.
 */
export const sched_setaffinity: Syscall<[pid: Pid, cpus: readonly number[]], void> = defineSyscall({
  name: 'sched_setaffinity',
  man: 'sched_setaffinity(2)',
  scope: 'thread',
  args: [int<Pid>('pid_t pid'), cpuMask],
  result: nothing,
});
