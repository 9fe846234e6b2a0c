import type { Duration, Size } from '../../units/index.js';
import type { CgroupVersion, Controller } from './controller.js';
import { readDevice } from './device.js';
import { Emitter, type Read } from './emitter.js';
import { readFlag, readMicroseconds, readRate, readRequests, readWeight } from './read.js';

/**
 * Limits on one disk: its line in each file begins with its numbers, as `8:0`. A rate is at least 1.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#io, https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html.
 */
export interface IoDeviceLimits {
  /** Bytes that are read in a second, as `'10M/s'`: `rbps=` of `io.max`; in v1 `blkio.throttle.read_bps_device`. */
  readonly readBytes?: Size | 'max';
  /**
   * Bytes that are written in a second: `wbps=` of `io.max`; in v1 `blkio.throttle.write_bps_device`, with {@link IoLimits.directOnly} only.
   */
  readonly writeBytes?: Size | 'max';
  /**
   * Requests to read in a second: at most 2^32-1, which is what the kernel counts to. `riops=` of `io.max`; in v1
   * `blkio.throttle.read_iops_device`.
   */
  readonly reads?: Size | 'max';
  /**
   * Requests to write in a second, in the same way: `wiops=` of `io.max`; in v1 `blkio.throttle.write_iops_device`, with
   * {@link IoLimits.directOnly} only.
   */
  readonly writes?: Size | 'max';
  /**
   * The share of this disk where it is busy: from 1 to 10000, in v1 to 1000; 100 if not given. `io.weight` and `io.bfq.weight`, those that
   * there are; in v1 `blkio.bfq.weight_device` and `blkio.weight_device`. It needs what {@link IoLimits.weight} needs.
   */
  readonly weight?: number;
  /**
   * What a request should take at most: groups that ask for less time go first; `'max'` asks for nothing. Milliseconds, more than 0.
   * `target=` of `io.latency`, in microseconds. It needs CONFIG_BLK_CGROUP_IOLATENCY. v2 only.
   */
  readonly latency?: Duration | 'max';
}

/**
 * Limits on disks.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#io, https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html.
 */
export interface IoLimits {
  /**
   * The share of every disk that is busy: from 1 to 10000, in v1 to 1000; 100 if not given. `io.weight` and `io.bfq.weight`, those that there
   * are; in v1 `blkio.bfq.weight` and `blkio.weight`. It needs a disk with `io.cost`, or the BFQ scheduler, for which what is above 1000 is
   * 1000; before Linux 5.0 in v1 CFQ.
   */
  readonly weight?: number;
  /**
   * By disk: `/dev/sda`, `8:0`, or any file on it; one name for each disk. Of a partition it is the whole disk. Which one it is is looked for
   * by stat(2) and in `/sys/dev/block`.
   */
  readonly devices?: Readonly<Record<string, IoDeviceLimits>>;
  /**
   * It is enough that rates of writing hold for direct and synchronous writes. v1 counts no others: what most programs write goes by way of the page
   * cache, and the kernel writes it out later. Without this such a rate is refused there; in v2, where it holds for all, nothing changes.
   */
  readonly directOnly?: boolean;
}

const documentation = {
  1: 'https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#io',
};
const bfqOnly = { problem: 'this kernel has no shares of disks: neither CONFIG_BLK_CGROUP_IOCOST nor BFQ' };
const noThrottle = { problem: 'this kernel was built without CONFIG_BLK_DEV_THROTTLING' };

/** The names of the rates in `io.max`, and their files in v1. */
const rates = {
  readBytes: ['rbps', 'blkio.throttle.read_bps_device', readRate],
  writeBytes: ['wbps', 'blkio.throttle.write_bps_device', readRate],
  reads: ['riops', 'blkio.throttle.read_iops_device', readRequests],
  writes: ['wiops', 'blkio.throttle.write_iops_device', readRequests],
} as const;

/** `io.max`, `io.weight` and `io.latency`; in v1 `blkio.throttle.*` and `blkio.bfq.weight`. */
export const io: Controller<IoLimits> = (limits, version) => {
  const emit = new Emitter('io', documentation[version]);
  const weight = emit.read('weight', limits.weight, (input) => readWeight(input, version === 2 ? undefined : 1000));
  if (weight !== undefined) putWeight(emit, version, 'weight', 'default', weight);
  const directOnly = emit.read('directOnly', limits.directOnly, readFlag) === '1';
  const named = new Map<string, string>();
  for (const [path, device] of Object.entries(limits.devices ?? {})) {
    const field = `devices[${JSON.stringify(path)}]`;
    const numbers = emit.read(field, path, readDevice);
    if (numbers === undefined) continue;
    const other = named.get(numbers);
    if (other !== undefined) {
      emit.refuse(field, `it is on the same disk as ${other}, ${numbers}`, 'give all limits of a disk under one name');
      continue;
    }
    named.set(numbers, path);
    ofDevice(emit, version, { path, numbers, limits: device, directOnly });
  }
  return emit;
};

interface Device {
  readonly path: string;
  readonly numbers: string;
  readonly limits: IoDeviceLimits;
  readonly directOnly: boolean;
}

/** What v1 counts in part only: who writes by way of the page cache is not who writes it out. */
const written: readonly string[] = ['writeBytes', 'writes'] satisfies (keyof IoDeviceLimits)[];

function ofDevice(emit: Emitter, version: CgroupVersion, { path, numbers, limits, directOnly }: Device): void {
  const field = (name: string) => `devices[${JSON.stringify(path)}].${name}`;
  for (const [name, [word, file, reader]] of Object.entries(rates)) {
    const rate = emit.read(field(name), limits[name as keyof typeof rates], reader);
    if (rate === undefined) continue;
    if (version === 2) {
      const [key, reset] = [numbers, `${numbers} ${word}=max`];
      emit.put(field(name), 'io.max', `${numbers} ${word}=${rate}`, { key, reset, missing: noThrottle });
    } else if (written.includes(name) && rate !== 'max' && !directOnly) {
      emit.refuse(
        field(name),
        'cgroup v1, where the blkio controller is, does not limit what is written by way of the page cache',
        'boot the host with cgroup v2 alone; or say that direct and synchronous writes are enough: io: { directOnly: true, devices: … }',
      );
    } else {
      const [key, reset] = [numbers, `${numbers} 0`];
      emit.put(field(name), file, `${numbers} ${rate === 'max' ? 0 : rate}`, { key, reset, missing: noThrottle });
    }
  }
  const weight = emit.read(field('weight'), limits.weight, (input) =>
    readWeight(input, version === 2 ? undefined : 1000),
  );
  if (weight !== undefined) putWeight(emit, version, field('weight'), numbers, weight);
  const latency = emit.read(field('latency'), limits.latency, readLatency);
  if (latency === undefined) return;
  if (version === 1) {
    emit.refuse(field('latency'), 'it is not to be had from cgroup v1, where the blkio controller is', 'use rates');
    return;
  }
  const missing = { problem: 'this kernel was built without CONFIG_BLK_CGROUP_IOLATENCY' };
  const [key, reset] = [numbers, `${numbers} target=0`];
  emit.put(field('latency'), 'io.latency', `${numbers} target=${latency}`, { key, reset, missing });
}

/** Microseconds, as the kernel has them: there 0 is no limit. */
function readLatency(latency: Duration | 'max'): Read<number> {
  if (latency === 'max') return { value: 0 };
  const read = readMicroseconds(latency);
  if (!('value' in read) || read.value > 0) return read;
  return { problem: 'no request takes no time at all', help: "give a length of time, or 'max' for no limit" };
}

/** In v2 `io.cost` has one file and BFQ another, where weights go up to 1000; in v1 BFQ, and CFQ before Linux 5.0. A disk goes by one of them. */
function putWeight(emit: Emitter, version: CgroupVersion, field: string, key: string, weight: number): void {
  const keyed = { missing: bfqOnly, key, reset: key === 'default' ? 'default 100' : `${key} default` };
  if (version === 2) {
    const also = { file: 'io.bfq.weight', value: `${key} ${Math.min(weight, 1000)}` };
    emit.put(field, 'io.weight', `${key} ${weight}`, { also, ...keyed });
  } else if (key === 'default') {
    const also = { file: 'blkio.weight', value: String(weight) };
    emit.put(field, 'blkio.bfq.weight', String(weight), { also, missing: bfqOnly });
  } else {
    const also = { file: 'blkio.weight_device', value: `${key} ${weight}` };
    emit.put(field, 'blkio.bfq.weight_device', `${key} ${weight}`, { also, ...keyed });
  }
}
