import type { Assembly } from './assembly.js';
import { planMask, planReadonly } from './restrict.js';
import { inside, walk } from './walk.js';

/** Settings of the kernel that a process whose user is root on the host could change, whatever capabilities it lacks. */
const settings: Readonly<Record<string, readonly string[]>> = {
  '/proc': ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'],
  '/sys': [],
};

/** What tells of the kernel, of the machine and of others on the host. */
const secrets: Readonly<Record<string, readonly string[]>> = {
  '/proc': [
    ...['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'slabinfo', 'timer_list'],
    ...['timer_stats', 'vmallocinfo'],
  ],
  '/sys': ['devices/virtual/powercap', 'firmware'],
};

/** Guards every proc and sysfs that is there when all other entries are in place, and masks the control groups of the host. */
export function planKernelGuards(assembly: Assembly): void {
  for (const { path, like } of placesOf(assembly)) {
    for (const name of settings[like] ?? [])
      planReadonly(assembly, { type: 'readonly', target: inside(path, name), optional: true });
    for (const name of secrets[like] ?? [])
      planMask(assembly, { type: 'mask', target: inside(path, name), optional: true });
  }
  maskControlGroups(assembly);
}

/**
 * Who can open a control group of v2 can have a process born into it (CLONE_INTO_CGROUP), past its own limits: also where nothing can be written,
 * since the kernel asks only whose the group is. What was bound from within such a file system was asked for, and stays.
 */
function maskControlGroups(assembly: Assembly): void {
  for (const { path, type } of assembly.view.mountsBelow('/')) {
    if (type !== 'cgroup2') continue;
    const isReached = typeof walk(assembly.view.at, path, { followLast: false }) !== 'string';
    if (isReached) planMask(assembly, { type: 'mask', target: path, optional: true });
  }
}

/** Those that were mounted, and those of the host where it can be seen. */
function placesOf(assembly: Assembly): readonly { readonly path: string; readonly like: string }[] {
  const { view } = assembly;
  const ofHost = ['/proc', '/sys'].flatMap((path) => {
    const { mounted, rest } = view.mountOf(path);
    return mounted.kind === 'host' && `${mounted.source === '/' ? '' : mounted.source}${rest}` === path
      ? [{ path, like: path }]
      : [];
  });
  return [...view.kernelPlaces().filter(({ like }) => like in settings), ...ofHost];
}
