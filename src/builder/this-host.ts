import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { release, userInfo } from 'node:os';
import { namespaceKinds, namespaces } from '../ns/index.js';
import { capget, prlimit64, RLIMIT } from '../sys/index.js';
import { hasNewMountCalls, hasOpenat2 } from './probe.js';
import { hasSignal, signalMask } from './signal-mask.js';
import type { Host } from './spec/host.js';
import { thisHostCgroups } from './this-host-cgroups.js';
import { thisHostFiles } from './this-host-files.js';
import { thisHostProcesses } from './this-host-processes.js';

let last: Host | undefined;

/** The facts of the host that this program runs on, and of the program, as they are now: the same object while they stay so. */
export function thisHost(): Host {
  const now: Pick<Host, Changing> = {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    capabilities: capget(0).effective,
    cwd: workingDirectory(),
    environment: environmentNow(last?.environment),
  };
  if (last === undefined || !isSame(now, last)) {
    last = { ...(last ?? readUnchanging()), ...now, homes: homesOf(now) };
  }
  return last;
}

type Changing = 'uid' | 'gid' | 'environment' | 'capabilities' | 'cwd';
type Unchanging = Omit<Host, Changing | 'homes'>;

function isSame(now: Pick<Host, Changing>, before: Host): boolean {
  return (
    now.environment === before.environment &&
    now.cwd === before.cwd &&
    now.uid === before.uid &&
    now.gid === before.gid &&
    now.capabilities === before.capabilities
  );
}

/** A copy of the environment, or the one from before if nothing has changed. Each read of `process.env` is slow. */
function environmentNow(before: Host['environment'] = {}): Host['environment'] {
  const names = Object.keys(process.env);
  const values = names.map((name) => process.env[name] as string);
  const isSame = names.length === Object.keys(before).length && names.every((name, i) => before[name] === values[i]);
  if (isSame) return before;
  // Without a prototype, so that a variable may have any name.
  const environment: Record<string, string> = Object.create(null);
  for (const [i, name] of names.entries()) environment[name] = values[i] as string;
  return environment;
}

/** Where the environment says, and where the user database says: a program that has changed its user may have both. */
function homesOf({ environment }: Pick<Host, 'environment'>): string[] {
  const homes = [environment.HOME, homeOfUser()];
  return [...new Set(homes.filter((home): home is string => home?.startsWith('/') === true))];
}

/** A user without an entry has no home there. */
function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** Node remembers the answer of `process.cwd()`, also when the directory was changed by a call of its own. */
function workingDirectory(): string | undefined {
  try {
    return readlinkSync('/proc/self/cwd');
  } catch {
    return undefined;
  }
}

/** A kernel without user namespaces has no such file. */
function readSetgroupsAllowed(): boolean {
  const file = '/proc/self/setgroups';
  return !existsSync(file) || readFileSync(file, 'utf8').trim() === 'allow';
}

/** What is read once: it does not change while Node runs. */
function readUnchanging(): Unchanging {
  return {
    lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')),
    ignoredSignals: readIgnoredSignals(),
    argumentLimit: readArgumentLimit(),
    setgroupsAllowed: readSetgroupsAllowed(),
    namespaces: namespaceKinds.filter((kind) => existsSync(`/proc/self/ns/${namespaces[kind].file}`)),
    timeEntersAtExec: kernelIsAtLeast(6, 3),
    rootMapTakesSetfcap: kernelIsAtLeast(5, 12),
    files: thisHostFiles,
    processes: thisHostProcesses,
    cgroups: thisHostCgroups,
    cloneIntoCgroup: kernelIsAtLeast(5, 7),
    mountCalls: hasNewMountCalls() ? 'new' : 'classic',
    openat2: hasOpenat2(),
    overlayUserXattr: kernelIsAtLeast(5, 11),
    tmpfsUserXattr: kernelIsAtLeast(6, 6),
  };
}

/** Node ignores SIGPIPE and SIGXFSZ, and real-time signals that its own parent ignored; what is ignored stays so in a child. */
function readIgnoredSignals(): number[] {
  const ignored = signalMask(readFileSync('/proc/self/status', 'utf8'), 'SigIgn');
  return Array.from({ length: 64 }, (_, i) => i + 1).filter((signal) => hasSignal(ignored, signal));
}

/** A quarter of the limit on the stack, at least 128 KiB and at most 6 MiB: see execve(2), "Limits on size of arguments". */
function readArgumentLimit(): number {
  const stack = prlimit64(0, RLIMIT.STACK, null).rlim_cur;
  const quarter = stack > 2n ** 40n ? 2 ** 40 : Number(stack / 4n);
  return Math.min(6 * 2 ** 20, Math.max(2 ** 17, quarter));
}

function kernelIsAtLeast(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = release().split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
