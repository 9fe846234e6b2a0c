import { existsSync, readFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { hasSystemd } from '../../cgroup/delegation.js';
import { SpecError } from '../../sys/index.js';
import { shown } from '../../sys/shown.js';

/** How systemd is asked for a scope: a command that is run. */
export interface ScopeRequest {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

const scopePrefix = `isolate-program-${process.pid}-`;
let asked = 0;

/** systemd has been asked for a scope of this name: the next gets another. */
export function scopeIsAsked(): void {
  asked++;
}

/**
 * The next scope that this program would ask for: transient, delegated, and with this program in it. Of root the system's systemd is asked, of any
 * other user the own one.
 *
 * Equivalent to: `busctl --user call org.freedesktop.systemd1 … StartTransientUnit`, and, for a command, `systemd-run --user --scope -p Delegate=yes`.
 */
export function nextScope(slice: string | undefined): ScopeRequest {
  const name = `${scopePrefix}${threadId === 0 ? '' : `${threadId}-`}${asked + 1}.scope`;
  const properties = [
    ['PIDs', 'au', '1', String(process.pid)],
    ['Delegate', 'b', '1'],
    ['CollectMode', 's', 'inactive-or-failed'],
    ...(slice === undefined ? [] : [['Slice', 's', slice]]),
  ];
  const bus = busOf(process.geteuid?.() ?? 0);
  const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];
  const unit = ['StartTransientUnit', 'ssa(sv)a(sa(sv))', name, 'fail'];
  const args = [bus, 'call', ...manager, ...unit, String(properties.length), ...properties.flat(), '0'];
  return { name, file: inPath('busctl'), args };
}

/** The system's systemd, or that of the user: also where nothing in the environment says where that listens, as after su(1) or in cron(8). */
function busOf(uid: number): string {
  if (uid === 0) return '--system';
  const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = process.env;
  const usual = `/run/user/${uid}/bus`;
  if (DBUS_SESSION_BUS_ADDRESS !== undefined || XDG_RUNTIME_DIR !== undefined || !existsSync(usual)) return '--user';
  return `--address=unix:path=${usual}`;
}

/** Where a command is; where it would usually be, if it is nowhere. */
function inPath(name: string): string {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/bin'].filter((at) => at.startsWith('/'));
  return directories.map((at) => `${at}/${name}`).find((path) => existsSync(path)) ?? `/usr/bin/${name}`;
}

/**
 * Whether this program is in a scope below a slice that it was moved into.
 *
 * @throws SpecError - it is no slice, or systemd is not here.
 */
export function isInSlice(slice: string): boolean {
  if (typeof slice !== 'string' || !/^[\w:.\\-]+\.slice$/.test(slice)) {
    throw new SpecError('cgroup', `${shown(slice)} is no slice`, "give one as 'jobs.slice'");
  }
  if (!hasSystemd()) {
    throw new SpecError(
      'cgroup',
      'slices are of systemd, which is not here',
      "give the path of a group: { parent: '/jobs' }",
    );
  }
  return groupNow().includes(`/${slice}/${scopePrefix}`);
}

/** The group of this program, in the hierarchy that systemd goes by. */
export function groupNow(): string {
  return readFileSync('/proc/self/cgroup', 'utf8');
}
