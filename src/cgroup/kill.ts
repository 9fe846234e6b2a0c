import { SIG } from '../sys/index.js';
import { CgroupError, cgroupError } from './errors.js';
import { isAbsent, readKeyed, write } from './files.js';
import { canFreeze, freeze, thaw } from './freeze.js';
import { type CgroupPart, unifiedPart } from './part.js';
import { processesIn } from './processes.js';
import { refuseOwn } from './refuse-own.js';
import { type Refused, signalAll } from './signal.js';
import { type Patience, waitUntil } from './waiting.js';
import { whyThere } from './why-there.js';

/** How long a group is given to stop before it is killed: it is killed anyhow. */
const mostFreezing = 500;

/**
 * Ends all processes of a group and of those below it, frozen ones too, and waits until they are gone.
 *
 * By `cgroup.kill` where there is one (Linux 5.14), which leaves out nobody. Otherwise each gets SIGKILL, again and again until
 * there is none: stopped by the freezer, where there is one, so that none can fork meanwhile. A group that this program itself is in is refused.
 */
export async function killAll(parts: readonly CgroupPart[], patience: Patience): Promise<void> {
  try {
    await killWhileThere(parts, patience);
  } catch (error) {
    throw cgroupError({ action: 'kill', path: parts[0]?.directory ?? '' }, error);
  }
}

async function killWhileThere(parts: readonly CgroupPart[], patience: Patience): Promise<void> {
  if (!isPopulated(parts)) return;
  refuseOwn('kill', parts);
  let refused: readonly Refused[] = [];
  do {
    if (!isPopulated(parts)) return;
    if (!(await killAtOnce(parts))) refused = await killEach(parts, patience);
  } while (!(await waitUntil(() => !isPopulated(parts), patience, 50)) && patience.left > 0);
  if (!isPopulated(parts)) return;
  const left = processesIn(parts);
  const what = { action: 'kill', path: parts[0]?.directory ?? '', help: whyThere(left, refused) } as const;
  const problem = `there are still ${left.join(', ')} after ${Math.round(patience.whole)} ms`;
  throw new CgroupError(what, 'ETIMEDOUT', problem, { cause: refused[0]?.error });
}

/** Whether a process is in the group, or below. A zombie is not. */
export function isPopulated(parts: readonly CgroupPart[]): boolean {
  const unified = unifiedPart(parts);
  const told = unified === undefined ? undefined : readKeyed(`${unified.directory}/cgroup.events`)?.populated;
  return (
    told === 1 || processesIn(told === undefined ? parts : parts.filter(({ version }) => version === 1)).length > 0
  );
}

async function killAtOnce(parts: readonly CgroupPart[]): Promise<boolean> {
  const unified = unifiedPart(parts);
  if (unified === undefined) return false;
  const path = `${unified.directory}/cgroup.kill`;
  try {
    await write(path, '1');
  } catch (error) {
    // The kernel has none.
    if (isAbsent(error)) return false;
    throw cgroupError({ action: 'kill', path, value: '1' }, error);
  }
  // What was attached to the other hierarchies alone is not among them.
  return processesIn(parts.filter(({ version }) => version === 1)).length === 0;
}

async function killEach(parts: readonly CgroupPart[], patience: Patience): Promise<Refused[]> {
  const stops = canFreeze(parts);
  if (stops) await freeze(parts, patience, mostFreezing).catch(() => {});
  try {
    return signalAll(parts, SIG.KILL);
  } finally {
    // What v1 has frozen dies only when it goes on.
    if (stops) await thaw(parts).catch(() => {});
  }
}
