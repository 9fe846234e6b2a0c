import { shown } from '../../sys/shown.js';
import type { Duration } from '../../units/index.js';
import type { CgroupVersion, Controller } from './controller.js';
import { Emitter, type Read } from './emitter.js';
import { readFlag, readMicroseconds, readWeight } from './read.js';

/**
 * Limits on the time of processors.
 *
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu, https://docs.kernel.org/scheduler/sched-bwc.html, sched(7).
 */
export interface CpuLimits {
  /**
   * How many processors' worth of time, as `0.5` or `1.5`; from 0.001. It is counted per `period`: the quota is so much of that, in
   * microseconds. `cpu.max`, `QUOTA PERIOD`; in v1 `cpu.cfs_quota_us`, where no limit is -1.
   */
  readonly max?: number | 'max';
  /**
   * Milliseconds, from 1 ms to 1 s; 100 ms if not given, or 1 s where `max` is too small for that. It needs a `max`. The second number of
   * `cpu.max`, in microseconds; in v1 `cpu.cfs_period_us`.
   */
  readonly period?: Duration;
  /**
   * The share where there is not enough for everybody: from 1 to 10000; 100 if not given. `cpu.weight`; in v1 `cpu.shares`, where 1024 is
   * written for 100, and 2 at least.
   */
  readonly weight?: number;
  /**
   * How much unused time of earlier periods may be used at once, on top of `max`, which it needs, and at most as much as its quota.
   * Milliseconds. `cpu.max.burst`, in microseconds; in v1 `cpu.cfs_burst_us`. Linux 5.14.
   */
  readonly burst?: Duration;
  /**
   * Whether it only gets the time that nobody else wants: SCHED_IDLE for all of it. It has no weight then: what was given before is gone, and one
   * that is idle no more has 100. 1 or 0 in `cpu.idle`, in v1 too. Linux 5.15.
   */
  readonly idle?: boolean;
}

const documentation = {
  1: 'https://docs.kernel.org/scheduler/sched-bwc.html',
  2: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu',
};

/** Microseconds: the kernel takes no quota and no period below 1 ms, and no period above 1 s. */
const least = 1000;
const usualPeriod = 100_000;
const longestPeriod = 1_000_000;

/** `cpu.max`, `cpu.weight`, `cpu.max.burst` and `cpu.idle`; in v1 `cpu.cfs_quota_us`, `cpu.shares` and so on. */
export const cpu: Controller<CpuLimits> = (limits, version) => {
  const emit = new Emitter('cpu', documentation[version]);
  bandwidth(emit, limits, version);
  share(emit, limits, version);
  return emit;
};

function bandwidth(emit: Emitter, limits: CpuLimits, version: CgroupVersion): void {
  const max = emit.read('max', limits.max, readProcessors);
  const asked = emit.read('period', limits.period, readPeriod);
  const burst = emit.read('burst', limits.burst, readMicroseconds);
  for (const [name, value] of Object.entries({ period: asked, burst })) {
    if (value !== undefined && limits.max === undefined)
      emit.refuse(name, 'it says nothing without max', 'give max too');
  }
  if (max === undefined) return;
  const { quota, period } = max === 'max' ? { quota: undefined, period: asked ?? usualPeriod } : quotaOf(max, asked);
  if (quota !== undefined && quota < least) {
    emit.refuse('max', `${max} is less than the kernel can count`, 'give at least 0.001, and a period of 1 s');
    return;
  }
  if (version === 2) {
    emit.put('max', 'cpu.max', `${quota ?? 'max'} ${period}`, { missing: noBandwidth });
  } else {
    emit.put('max', 'cpu.cfs_period_us', String(period), { missing: noBandwidth });
    emit.put('max', 'cpu.cfs_quota_us', String(quota ?? -1), { missing: noBandwidth });
  }
  if (burst === undefined) return;
  if (quota !== undefined && burst > quota) {
    const problem = `${shown(limits.burst)} is more than max, which is ${quota / 1000} ms in each ${period / 1000} ms`;
    emit.refuse('burst', problem, 'give no more than that, or a longer period');
    return;
  }
  emit.put('burst', version === 2 ? 'cpu.max.burst' : 'cpu.cfs_burst_us', String(burst), { missing: noBursts });
}

function share(emit: Emitter, limits: CpuLimits, version: CgroupVersion): void {
  const idle = emit.read('idle', limits.idle, readFlag);
  const weight = emit.read('weight', limits.weight, readWeight);
  if (idle !== undefined) emit.put('idle', 'cpu.idle', idle, { missing: noIdle });
  if (weight === undefined) return;
  if (idle === '1') emit.refuse('weight', 'a group that is idle has no weight', 'leave it out, or say idle: false');
  else if (version === 2) emit.put('weight', 'cpu.weight', String(weight));
  else emit.put('weight', 'cpu.shares', String(sharesOf(weight)));
}

const noBandwidth = { problem: 'this kernel was built without CONFIG_CFS_BANDWIDTH', help: 'use weight' };
const noBursts = { problem: 'this kernel has no bursts: they came with Linux 5.14' };
const noIdle = { problem: 'this kernel has no idle groups: they came with Linux 5.15' };

function readProcessors(max: number | 'max'): Read<number | 'max'> {
  if (max === 'max' || (typeof max === 'number' && max > 0 && max <= 100_000)) return { value: max };
  if (max === 0) return { problem: 'the kernel cannot give no time at all', help: 'freeze the group' };
  return {
    problem: `${shown(max)} is not a number of processors`,
    help: "give a number as 0.5 or 2, or 'max'",
  };
}

function readPeriod(period: Duration): Read<number> {
  const read = readMicroseconds(period);
  if (!('value' in read) || (read.value >= least && read.value <= longestPeriod)) return read;
  return { problem: `${shown(period)} is not from 1 ms to 1 s` };
}

/** A small share needs a longer period, so that its quota is one that the kernel can count. */
function quotaOf(max: number, asked: number | undefined): { quota: number; period: number } {
  const period = asked ?? (max * usualPeriod < least ? longestPeriod : usualPeriod);
  return { quota: Math.round(max * period), period };
}

/** The default is 100 there, and 1024 here: the kernel's own conversion. */
function sharesOf(weight: number): number {
  return Math.max(2, Math.round((weight * 1024) / 100));
}
