import type { CgroupLimits, CgroupRefusal } from '../../cgroup/index.js';
import { prlimit64, RLIMIT, SpecError, type Step } from '../../sys/index.js';
import { shown } from '../../sys/shown.js';
import { parseSize } from '../../units/index.js';
import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { methodCall, type Section, section } from './section.js';

/** What of the limits each process can be held to by itself. */
const said: readonly string[] = ['memory.max', 'pids.max'];

/**
 * Limits of each process by itself, where there can be no control group: setrlimit(2). See {@link LimitsOptions.fallback}.
 *
 * @param problem - why there can be none: what cannot be said like this stays an error.
 * @throws SpecError - there is such a limit.
 */
export function rlimitSections(spec: ProcessSpec, host: Host, problem: string): Section[] {
  const { limits = {} } = spec;
  for (const [field, value] of named(limits)) {
    if (value === 'max' || said.includes(field)) continue;
    throw new SpecError(
      field,
      `${problem}; and no limit of single processes does the same`,
      'leave it out, or have a group',
    );
  }
  const steps: Step[] = [];
  const memory = limits.memory?.max;
  if (memory !== undefined && memory !== 'max')
    steps.push(limit(RLIMIT.AS, sizeOf(memory), 'address space of each process'));
  const pids = limits.pids?.max;
  if (pids !== undefined && pids !== 'max') {
    checkUser(spec, host);
    steps.push(limit(RLIMIT.NPROC, BigInt(countOf(pids)), 'processes of its user'));
  }
  return steps.length === 0 ? [] : [section(methodCall('limits', limits, { fallback: 'rlimit' }), ...steps)];
}

/** What to do about a refusal: where there can be no group, and that would do, also without one. */
export function helpWithFallback(
  spec: ProcessSpec,
  host: Host,
  { field, problem, help }: CgroupRefusal,
): string | undefined {
  const isOfOneLimit = field.includes('.');
  if (isOfOneLimit || !canFallBack(spec, host, problem)) return help;
  const fallback = "limit each process by itself: .limits(…, { fallback: 'rlimit' }), or --rlimit-fallback";
  return help === undefined ? fallback : `${help}; or ${fallback}`;
}

function canFallBack(spec: ProcessSpec, host: Host, problem: string): boolean {
  try {
    return rlimitSections(spec, host, problem).length > 0;
  } catch {
    return false;
  }
}

/** All single limits, as `memory.max`. */
function named(limits: CgroupLimits): [field: string, value: unknown][] {
  return Object.entries(limits).flatMap(([controller, given]) =>
    Object.entries(given ?? {}).map(([name, value]): [string, unknown] => [`${controller}.${name}`, value]),
  );
}

function limit(resource: number, value: bigint, why: string): Step {
  return prlimit64.step(0, resource, { rlim_cur: value, rlim_max: value }).because(`there is no control group: ${why}`);
}

function sizeOf(size: number | string): bigint {
  const bytes = parseSize(size);
  if (bytes === undefined || bytes >= 2n ** 63n) {
    throw new SpecError('memory.max', `${shown(size)} is not a size`, "give bytes, text as '256M', or 'max'");
  }
  return bytes;
}

function countOf(count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new SpecError('pids.max', `${shown(count)} is not a number of them`, "give a whole number from 0, or 'max'");
}

/** The kernel holds root, who is the host's, to no such limit: see RLIMIT_NPROC in getrlimit(2). */
function checkUser({ uid, unshare }: ProcessSpec, host: Host): void {
  const isAnother = uid !== undefined && uid !== 0 && !unshare.includes('user');
  if (host.uid !== 0 || isAnother) return;
  throw new SpecError(
    'pids.max',
    'there is no control group, and the kernel holds root to no limit on the processes of its user',
    'run as an ordinary user, or add .uid(…)',
  );
}
