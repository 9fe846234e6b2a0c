import { close, type Fd, type LateValues, type LaunchTurn, SpecError } from '../../sys/index.js';
import { compileBox, nameValue } from '../compile/box.js';
import type { GroupWay } from '../compile/group-way.js';
import { boxGroupName } from '../group/box-group-name.js';
import { specWithGroup } from '../group/open-group.js';
import { planInPlace, startInGroup } from '../group/start-in-group.js';
import type { Plan } from '../plan.js';
import { type Compile, planFor } from '../process/plan-memory.js';
import { start } from '../process/start.js';
import { Snapshot } from '../snapshot/snapshot.js';
import { hasGroup } from '../spec/group-of.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { freeze } from '../spec/read-spec.js';
import { thisHost } from '../this-host.js';
import { Box, closedError } from './box.js';
import { type NameHeld, reserveName } from './names.js';
import { setFree } from './set-free.js';

/** How a box is opened. */
export interface OpenOptions {
  /**
   * A name by which other programs of the same user find it: letters, digits, `.`, `_` and `-`, at most 64, the first no `.` or `-`.
   * Digits only are no name: for `isolate enter` they are a pid.
   */
  readonly name?: string;
  /** It goes on when this program ends. It has a name then, or nobody could close it. */
  readonly detached?: boolean;
  /** While it is being opened: the promise rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

const compile: Compile = (spec, _command, host, { group }) => compileBox(spec, host, { group });
const compileNamed: Compile = (spec, _command, host, { group }) => compileBox(spec, host, { group, isNamed: true });

/** What runs in a box that nobody has started anything in. */
const holder = { file: 'isolate-init', args: [] } as const;

const holders = new WeakMap<ProcessSpec, ProcessSpec>();

/** The spec for what holds a box. Also one that is detached: until others can find it, nobody else could close it. */
function holderOf(spec: ProcessSpec): ProcessSpec {
  const held = holders.get(spec) ?? freeze<ProcessSpec>({ ...spec, dieWithParent: true });
  holders.set(spec, held);
  return held;
}

/** Opens a box. See {@link Sandbox.open}. */
export async function openBox(spec: ProcessSpec, options: OpenOptions): Promise<Box> {
  const { name, signal } = options;
  signal?.throwIfAborted();
  checkDetached(options);
  const held = holderOf(spec);
  const host = thisHost();
  const request = { command: holder, changes: {}, host, identify: false };
  const planWith = (group?: GroupWay) =>
    planFor(held, { ...request, group, compile: name === undefined ? compile : compileNamed });
  const foreseen = hasGroup(spec) ? await planInPlace(held, planWith) : planWith();
  const reserved = name === undefined ? undefined : await reserveName(name);
  try {
    const named = reserved && { [nameValue]: reserved.socket };
    const begin = (plan: Plan, more?: LateValues, turn?: LaunchTurn) =>
      start(plan, held, signal, more ? { ...named, ...more } : named, turn);
    const { started, plan, group } = hasGroup(spec)
      ? await startInGroup({ spec: held, host, shared: undefined, name: groupName(options), planWith, start: begin })
      : { started: await begin(foreseen), plan: foreseen, group: undefined };
    const { pid, pidfd, line = -1, changes } = started;
    const snapshot = changes === undefined ? undefined : new Snapshot(changes, plan.parts.snapshots);
    const tie = options.detached ? 'detached' : 'ours';
    const box = new Box({ spec, pid, pidfd, name, snapshot, group, tie, onEnd: () => reserved?.release() });
    await publish(box, specWithGroup(spec, group), { reserved, pidfd, line, tie });
    return box;
  } catch (error) {
    // Where it cannot be removed, it is seen to be of nobody.
    await reserved?.release().catch(() => {});
    throw error;
  }
}

interface Opened {
  readonly reserved: NameHeld | undefined;
  readonly pidfd: Fd;
  readonly line: Fd;
  readonly tie: 'ours' | 'detached';
}

/** Makes a box known, and lets one go that is to go on without this program. `line` is closed. */
async function publish(box: Box, spec: ProcessSpec, { reserved, pidfd, line, tie }: Opened): Promise<void> {
  try {
    await reserved?.publish(box.pid, spec);
    // In the same turn: the descriptor is closed when the box has ended.
    if (tie === 'detached' && !(box.isOpen && (await setFree(pidfd, line)))) throw closedError();
  } catch (error) {
    await box.close();
    await box.snapshot?.discard();
    throw error;
  } finally {
    close(line);
  }
}

/** Undefined for the name that any group of this program has. */
function groupName({ name, detached }: OpenOptions): string | undefined {
  return detached && name !== undefined ? boxGroupName(name) : undefined;
}

function checkDetached({ name, detached }: OpenOptions): void {
  if (detached && name === undefined) {
    throw new SpecError(
      'detached',
      'a box without a name could not be closed by anybody',
      "give it one: { name: '…' }",
    );
  }
}
