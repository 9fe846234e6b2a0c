import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { EPOLL, SpecError, watchAlone } from '../sys/index.js';
import { type Duration, readDuration } from '../units/index.js';
import { checkRecord } from './check-record.js';
import { CgroupError, cgroupError } from './errors.js';
import type { CgroupWatch } from './events.js';
import { type CgroupPart, unifiedPart } from './part.js';
import { type PressureKind, pressureKinds } from './pressure-stats.js';
import { withRights } from './rights.js';

/**
 * From when on pressure is told: so much waiting within a window. Milliseconds, or text as `'200ms'`; either `some` or `full`. It is written as
 * `some 200000 2000000` to a `….pressure` file, in microseconds. See https://docs.kernel.org/accounting/psi.html.
 */
export interface PressureTrigger {
  /** At least one process waited for so long; no longer than the window. */
  readonly some?: Duration;
  /** All that had something to do waited at once for so long; no longer than the window. */
  readonly full?: Duration;
  /** The window: from 500 ms to 10 s; without CAP_SYS_RESOURCE multiples of 2 s only. */
  readonly within: Duration;
}

/**
 * Calls back when there is too little of something: at most once in a window. It keeps no program from its end, and ends when the group is gone or
 * measures no pressure any more (`cgroup.pressure`).
 *
 * Equivalent to: `echo "some 150000 1000000" > memory.pressure`, and poll(2) for POLLPRI. See https://docs.kernel.org/accounting/psi.html.
 */
export function watchPressure(
  parts: readonly CgroupPart[],
  kind: PressureKind,
  trigger: PressureTrigger,
  listener: () => void,
): CgroupWatch {
  if (!pressureKinds.includes(kind)) {
    throw new SpecError('pressure', `there is no ${JSON.stringify(kind)}`, `there are ${pressureKinds.join(', ')}`);
  }
  const value = textOf(trigger);
  const unified = unifiedPart(parts);
  const path = `${unified?.directory}/${kind}.pressure`;
  const help = 'it takes cgroup v2, CONFIG_PSI, and a kernel that is not booted with psi=0';
  if (unified === undefined)
    throw new CgroupError({ action: 'watch', path: parts[0]?.directory ?? '', help }, 'EOPNOTSUPP');
  let fd: number | undefined;
  try {
    fd = withRights(path, () => openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    writeSync(fd, value);
    return watching(fd, listener);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    const parts = { action: 'watch', path, value, help: helpFor(error) ?? help } as const;
    throw cgroupError(parts, error);
  }
}

function watching(fd: number, listener: () => void): CgroupWatch {
  let isOpen = true;
  const end = watchAlone(fd, EPOLL.PRI, listener, () => close());
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    end();
    closeSync(fd);
  };
  return { close, [Symbol.dispose]: close };
}

function textOf(trigger: PressureTrigger): string {
  const help = "give one as { some: '200ms', within: '2s' }";
  checkRecord('pressure', trigger, { what: 'trigger', help, known: ['some', 'full', 'within'] });
  const { some, full, within } = trigger;
  const window = readDuration('within', within);
  if (window < 500 || window > 10_000) throw new SpecError('within', 'a window is from 500 ms to 10 s');
  if ((some === undefined) === (full === undefined)) throw new SpecError('pressure', 'give either some or full');
  const name = some === undefined ? 'full' : 'some';
  const waited = readDuration(name, some ?? full ?? 0);
  if (waited > window) throw new SpecError(name, 'it is longer than the window');
  return `${name} ${Math.round(waited * 1000)} ${Math.round(window * 1000)}`;
}

function helpFor(error: unknown): string | undefined {
  const { code } = error as { code?: string };
  if (code === 'EINVAL' || code === 'EPERM')
    return 'without CAP_SYS_RESOURCE there are windows of 2, 4, 6, 8 and 10 s only';
  return undefined;
}
