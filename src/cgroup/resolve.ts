import { existsSync } from 'node:fs';
import { type CgroupAccess, type CgroupBase, cgroupAccess } from './access.js';
import { basesIn } from './bases-in.js';
import {
  type CgroupRefusal,
  type CgroupValue,
  type ControllerName,
  kernelName,
  type Problem,
} from './controllers/controller.js';
import { lacking, withItsFiles } from './kernel-files.js';
import { checkLimits, emit, limitedControllers } from './limits.js';
import { checkNewName } from './name.js';
import { type CgroupOptions, checkOptions } from './options.js';
import { preparation } from './v1/prepare.js';

/** Where the parts of a new group go, and what is written there. */
export interface Resolved {
  readonly bases: readonly CgroupBase[];
  /** The controllers that the unified part needs. */
  readonly enable: readonly string[];
  readonly values: readonly CgroupValue[];
  readonly refusals: readonly CgroupRefusal[];
}

/**
 * Finds out what a group with these options takes.
 *
 * @throws SpecError - an option, a name, a limit or a controller that there is none of.
 */
export function resolve(options: CgroupOptions): Resolved {
  checkOptions(options);
  const { limits = {}, name, parent } = options;
  if (name !== undefined) checkNewName(name);
  checkLimits(limits);
  const access = options.access ?? cgroupAccess();
  const bases = parent === undefined ? access.bases : basesIn(parent, access);
  const needed = neededControllers(options, bases);
  const found = needed.map((controller) => ({ controller, base: baseFor(controller, bases) }));
  const refusals: CgroupRefusal[] = [];
  const values: CgroupValue[] = [];
  for (const { controller, base } of found) {
    if (base === undefined || base.refused !== undefined) {
      refusals.push({ field: controller, ...whyNot(controller, base, access) });
      continue;
    }
    const emission = emit(limits, controller, base.version);
    refusals.push(...emission.refusals);
    for (const value of emission.values) {
      const placed = withItsFiles(value, base);
      if (placed === undefined) refusals.push(lacking(value));
      else values.push(placed);
    }
  }
  const used = new Set(found.flatMap(({ base }) => base ?? []));
  for (const base of helpers(bases, used)) used.add(base);
  const unified = found.filter(({ base }) => base?.version === 2).map(({ controller }) => controller);
  const inUse = bases.filter((base) => used.has(base) && base.refused === undefined);
  if (inUse.length === 0 && refusals.length === 0) refusals.push(nothingAtAll(bases));
  const prepared = inUse.flatMap(preparation).filter(({ file }) => !values.some((value) => value.file === file));
  return { bases: inUse, enable: unified, values: [...prepared, ...values], refusals };
}

function neededControllers(
  { limits = {}, controllers = [] }: CgroupOptions,
  bases: readonly CgroupBase[],
): ControllerName[] {
  const limited = limitedControllers(limits);
  if (controllers !== 'available') return [...new Set([...limited, ...controllers])];
  const usable = measuring.filter((name) => isUsable(baseFor(name, bases)));
  // With none of them, the first says why.
  return usable.length + limited.length === 0 ? measuring.slice(0, 1) : [...new Set([...limited, ...usable])];
}

/** What there is to know of any command. */
const measuring: readonly ControllerName[] = ['memory', 'cpu', 'pids', 'io'];

function isUsable(base: CgroupBase | undefined): boolean {
  return base !== undefined && base.refused === undefined;
}

function baseFor(controller: ControllerName, bases: readonly CgroupBase[]): CgroupBase | undefined {
  return bases.find(({ version, controllers }) => controllers.includes(kernelName(controller, version)));
}

function whyNot(controller: ControllerName, base: CgroupBase | undefined, access: CgroupAccess): Problem {
  if (base?.refused !== undefined) return base.refused;
  const known = access.controllers[controller];
  if (!known.usable) return { problem: known.problem, ...(known.help === undefined ? {} : { help: known.help }) };
  return { problem: `the parent has no ${controller} controller`, help: 'name the controller when the parent is made' };
}

/**
 * What a group has beside its controllers: a part in the unified hierarchy, which can be frozen, killed and cloned into; without one a
 * freezer; and the meter that belongs to `cpu`.
 */
function helpers(bases: readonly CgroupBase[], used: ReadonlySet<CgroupBase>): CgroupBase[] {
  const usable = bases.filter(({ refused }) => refused === undefined);
  const legacy = (name: string) =>
    usable.find(({ version, controllers }) => version === 1 && controllers.includes(name));
  const unified = usable.find(({ version }) => version === 2);
  const isMetered = [...used].some(({ version, controllers }) => version === 1 && controllers.includes('cpu'));
  return [unified ?? legacy('freezer'), isMetered ? legacy('cpuacct') : undefined].filter((base) => base !== undefined);
}

function nothingAtAll(bases: readonly CgroupBase[]): CgroupRefusal {
  const refused = bases.find((base) => base.refused !== undefined)?.refused;
  if (refused !== undefined) return { field: 'cgroup', ...refused };
  if (existsSync('/proc/self/cgroup')) {
    return {
      field: 'cgroup',
      problem: 'no control groups are mounted',
      help: '`mount -t cgroup2 none /sys/fs/cgroup`',
    };
  }
  return {
    field: 'cgroup',
    problem: 'this kernel has no control groups, or no /proc is mounted',
    help: '`mount -t proc none /proc`',
  };
}
