import { SpecError } from '../../sys/index.js';
import { compileBox } from '../compile/box.js';
import { start } from '../process/start.js';
import { Snapshot } from '../snapshot/snapshot.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { freeze } from '../spec/read-spec.js';
import { thisHost } from '../this-host.js';
import { Box } from './box.js';
import { type NameHeld, reserveName } from './names.js';

/** How a box is opened. */
export interface OpenOptions {
  /** A name by which other programs of the same user find it: letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name?: string;
  /** It goes on when this program ends. It has a name then, or nobody could close it. */
  readonly detached?: boolean;
  /** While it is being opened: the promise rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/** Opens a box. See {@link Sandbox.open}. */
export async function openBox(spec: ProcessSpec, options: OpenOptions): Promise<Box> {
  const { name, detached = false, signal } = options;
  checkDetached(options);
  const held = holderSpec(spec, detached);
  const plan = compileBox(held, thisHost());
  const reserved = name === undefined ? undefined : await reserveName(name);
  try {
    const { pid, pidfd, changes } = await start(plan, held, signal);
    const snapshot = changes === undefined ? undefined : new Snapshot(changes, plan.parts.snapshots);
    const box = new Box({ spec, pid, pidfd, name, snapshot, isOurs: true, onEnd: () => reserved?.release() });
    await publish(box, reserved);
    return box;
  } catch (error) {
    await reserved?.release();
    throw error;
  }
}

async function publish(box: Box, reserved: NameHeld | undefined): Promise<void> {
  try {
    await reserved?.publish(box.pid, box.spec);
  } catch (error) {
    await box.close();
    throw error;
  }
}

/** Nothing that nobody can find stays behind. */
function holderSpec(spec: ProcessSpec, detached: boolean): ProcessSpec {
  const { dieWithParent: _, ...others } = spec;
  return freeze(detached ? others : { ...others, dieWithParent: true });
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
