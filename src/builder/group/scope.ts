import { execFile } from 'node:child_process';
import { setTimeout as after } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { IsolateError } from '../../sys/index.js';
import { forgetAccess } from '../this-host-cgroups.js';
import { groupNow, nextScope, scopeIsAsked } from './scope-request.js';

const run = promisify(execFile);

/** How long systemd may take to move this program, milliseconds. */
const deadline = 5000;

/** How long a failure stands, milliseconds: who starts many commands does not ask for each. */
const failureStands = 10_000;

/** Those that are being entered, by their slices; and the one without, for good. */
const entering = new Map<string | undefined, Promise<void>>();

/**
 * Moves this program into a transient scope that systemd delegates to it, below a slice or where systemd chooses: its groups are made in there.
 * Without a slice it is done once; a failure stands for ten seconds. What the program has started before stays where it is. The scope is gone with the
 * last process in it. See https://systemd.io/CGROUP_DELEGATION.
 *
 * @throws IsolateError ERR_ISOLATE_SCOPE - systemd cannot be asked, or refuses.
 */
export function enterScope(slice: string | undefined): Promise<void> {
  const known = entering.get(slice);
  if (known !== undefined) return known;
  const entered = enter(slice);
  entering.set(slice, entered);
  const forget = () => entering.delete(slice);
  if (slice === undefined) entered.catch(() => after(forget, failureStands).unref());
  else entered.then(forget, forget);
  return entered;
}

async function enter(slice: string | undefined): Promise<void> {
  const { name, file, args } = nextScope(slice);
  scopeIsAsked();
  try {
    await run(file, args, { timeout: deadline });
  } catch (error) {
    throw scopeError(error);
  }
  for (let waited = 0; !groupNow().includes(`/${name}`); waited += 10) {
    if (waited > deadline) throw scopeError(new Error(`this program was not moved within ${deadline} ms`));
    await setTimeout(10);
  }
  forgetAccess();
}

function scopeError(cause: unknown): IsolateError {
  const { stderr = '', message, code } = cause as Error & { stderr?: string; code?: unknown };
  const said = code === 'ENOENT' ? 'busctl, which is part of it, is not installed' : stderr.trim() || message;
  const text = `systemd gave this program no scope of its own: ${said}`;
  return new IsolateError('ERR_ISOLATE_SCOPE', text, { cause });
}
