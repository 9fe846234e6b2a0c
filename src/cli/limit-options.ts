import { type Command, InvalidArgumentError } from 'commander';
import type { IoDeviceLimits } from '../cgroup/index.js';
import { type Limits, type Sandbox, SpecError } from '../index.js';
import { more } from './lists.js';

/** The options for what the command may use. */
export interface LimitOptions {
  memory?: string;
  swap?: string;
  pids?: number | 'max';
  cpus?: number | 'max';
  cpuset?: string;
  io?: string[];
  cgroup?: string;
  rlimitFallback?: true;
}

function count(text: string): number | 'max' {
  if (text === 'max') return text;
  if (!/^(\d+(\.\d+)?|\.\d+)$/.test(text)) throw new InvalidArgumentError("It is neither a number nor 'max'.");
  return Number(text);
}

/** Adds the options to a command of the command line. */
export function addLimitOptions(command: Command): Command {
  return command
    .optionsGroup('What it may use, with all that it starts (max: no limit):')
    .option('--memory <size>', 'memory, as 256M; above it the command is killed')
    .option('--swap <size>', 'swap in addition to that')
    .option('--cpus <number>', 'processors worth of time, as 0.5', count)
    .option('--pids <number>', 'processes and threads', count)
    .option('--cpuset <list>', 'the processors that it runs on, as 0-3,8')
    .option(
      '--io <disk:what=rate,…>',
      'on a disk: read and write in bytes, reads and writes in requests a second, as /dev/sda:read=10M,writes=100; ' +
        'write and writes with cgroup v2 only',
      more,
    )
    .option(
      '--cgroup <path>',
      'the control group that it is in; with limits that in which its own is made, or a slice of systemd, as jobs.slice',
    )
    .option('--rlimit-fallback', 'where there can be none, limit each process by itself: --memory and --pids');
}

/** The sandbox, with what the options limit. */
export function withLimits(sandbox: Sandbox, options: LimitOptions): Sandbox {
  const { memory, swap, pids, cpus, cpuset, io, cgroup, rlimitFallback } = options;
  const limits: Limits = {
    ...(memory === undefined ? {} : { memory }),
    ...(swap === undefined ? {} : { swap }),
    ...(pids === undefined ? {} : { pids }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(cpuset === undefined ? {} : { cpuset }),
    ...(io === undefined ? {} : { io: { devices: disks(io) } }),
  };
  const isLimited = Object.keys(limits).length > 0 || rlimitFallback;
  const limited = isLimited ? sandbox.limits(limits, rlimitFallback ? { fallback: 'rlimit' } : {}) : sandbox;
  if (cgroup === undefined) return limited;
  if (/^[^/]*\.slice$/.test(cgroup)) return limited.cgroup({ slice: cgroup });
  return limited.cgroup(limited.spec.limits === undefined ? { path: cgroup } : { parent: cgroup });
}

const rates = { read: 'readBytes', write: 'writeBytes', reads: 'reads', writes: 'writes' } as const;

/** Limits by disk. The same disk may come more than once, and each limit of it once. */
function disks(texts: readonly string[]): Record<string, IoDeviceLimits> {
  const devices = new Map<string, Map<string, string>>();
  for (const text of texts) {
    const { path, limits } = disk(text);
    const device = devices.get(path) ?? new Map<string, string>();
    devices.set(path, device);
    for (const [what, rate] of limits) {
      if (device.has(rates[what])) throw new SpecError('--io', `${what} of ${path} is given twice`, 'leave one out');
      device.set(rates[what], rate);
    }
  }
  return Object.fromEntries([...devices].map(([path, limits]) => [path, Object.fromEntries(limits)]));
}

interface Disk {
  readonly path: string;
  readonly limits: readonly (readonly [what: keyof typeof rates, rate: string])[];
}

/** `DISK:WHAT=RATE,…`. The numbers of a disk have a colon, too. */
function disk(text: string): Disk {
  const at = text.lastIndexOf(':');
  const limits = text
    .slice(at + 1)
    .split(',')
    .map((part) => {
      const [what = '', rate, ...more] = part.split('=');
      if (at < 1 || rate === undefined || more.length > 0 || !isRate(what)) {
        const known = Object.keys(rates).join(', ');
        throw new SpecError('--io', `${JSON.stringify(text)} is not DISK:WHAT=RATE,…`, `WHAT is one of ${known}`);
      }
      return [what, rate] as const;
    });
  return { path: text.slice(0, at), limits };
}

function isRate(what: string): what is keyof typeof rates {
  return Object.hasOwn(rates, what);
}

/** The sandbox, in a control group that measures what there is to measure, where it has none yet. */
export function measuring(sandbox: Sandbox): Sandbox {
  const { cgroup } = sandbox.spec;
  if (cgroup?.path !== undefined || cgroup?.parts !== undefined || cgroup?.controllers !== undefined) return sandbox;
  return sandbox.cgroup({ ...cgroup, controllers: 'available' });
}
