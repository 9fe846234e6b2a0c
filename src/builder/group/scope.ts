import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { IsolateError, SpecError } from '../../sys/index.js';
import { forgetAccess } from '../this-host-cgroups.js';

const run = promisify(execFile);

/** How long systemd may take to move this program, milliseconds. */
const deadline = 5000;

/** Whether systemd manages the control groups of this host. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

let entering: Promise<void> | undefined;

/** Moves this program into a scope of its own, once. See {@link enterScope}. */
export function enterOwnScope(): Promise<void> {
  entering ??= enterScope(undefined);
  return entering;
}

/** Moves this program into a scope below a slice, unless it is in one that it was moved into. */
export async function enterSlice(slice: string): Promise<void> {
  if (!/^[\w:.\\-]+\.slice$/.test(slice)) {
    throw new SpecError('cgroup', `${JSON.stringify(slice)} is no slice`, "give one as 'jobs.slice'");
  }
  if (!hasSystemd()) {
    throw new SpecError(
      'cgroup',
      'slices are of systemd, which is not here',
      "give the path of a group: { parent: '/jobs' }",
    );
  }
  if (!groupNow().includes(`/${slice}/${scopePrefix}`)) await enterScope(slice);
}

const scopePrefix = `isolate-program-${process.pid}-`;
let count = 0;

/**
 * Moves this program into a transient scope that systemd delegates to it: its groups are made in there. Of root the system's systemd is asked,
 * of any other user the own one. What the program has started before stays where it is. The scope is gone with the last process in it.
 *
 * Equivalent to: `busctl --user call org.freedesktop.systemd1 … StartTransientUnit`, and, for a command, `systemd-run --user --scope -p Delegate=yes`.
 * See https://systemd.io/CGROUP_DELEGATION.
 *
 * @throws IsolateError ERR_ISOLATE_SCOPE - systemd cannot be asked, or refuses.
 */
async function enterScope(slice: string | undefined): Promise<void> {
  const name = `${scopePrefix}${++count}.scope`;
  const properties = [
    ['PIDs', 'au', '1', String(process.pid)],
    ['Delegate', 'b', '1'],
    ['CollectMode', 's', 'inactive-or-failed'],
    ...(slice === undefined ? [] : [['Slice', 's', slice]]),
  ];
  const bus = process.geteuid?.() === 0 ? '--system' : '--user';
  const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];
  const request = [
    'StartTransientUnit',
    'ssa(sv)a(sa(sv))',
    name,
    'fail',
    String(properties.length),
    ...properties.flat(),
    '0',
  ];
  try {
    await run('busctl', [bus, 'call', ...manager, ...request], { timeout: deadline });
  } catch (error) {
    throw scopeError(error);
  }
  for (let waited = 0; !groupNow().includes(`/${name}`); waited += 10) {
    if (waited > deadline) throw scopeError(new Error(`this program was not moved within ${deadline} ms`));
    await setTimeout(10);
  }
  forgetAccess();
}

/** The group of this program, in the hierarchy that systemd goes by. */
function groupNow(): string {
  return readFileSync('/proc/self/cgroup', 'utf8');
}

function scopeError(cause: unknown): IsolateError {
  const { stderr = '', message, code } = cause as Error & { stderr?: string; code?: unknown };
  const said = code === 'ENOENT' ? 'busctl, which is part of it, is not installed' : stderr.trim() || message;
  const text = `systemd gave this program no scope of its own: ${said}`;
  return new IsolateError('ERR_ISOLATE_SCOPE', text, { cause });
}
