import type { Assembly } from './assembly.js';
import { planMask, planReadonly } from './restrict.js';
import { inside } from './walk.js';

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

/** Guards every proc and sysfs that is there when all other entries are in place. */
export function planKernelGuards(assembly: Assembly): void {
  for (const { path, like } of placesOf(assembly)) {
    for (const name of settings[like] ?? [])
      planReadonly(assembly, { type: 'readonly', target: inside(path, name), optional: true });
    for (const name of secrets[like] ?? [])
      planMask(assembly, { type: 'mask', target: inside(path, name), optional: true });
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
