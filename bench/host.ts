import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { type CgroupAccess, cgroupAccess } from 'linux-isolate/cgroup';

/** What the figures depend on. */
export interface Host {
  readonly kernel: string;
  readonly node: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly uid: number;
  readonly load: number;
  readonly cgroups: CgroupAccess['layout'];
  readonly peers: readonly string[];
  readonly date: string;
}

export function describeHost(): Host {
  return {
    kernel: release(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    uid: process.geteuid?.() ?? -1,
    load: loadavg()[0] ?? 0,
    cgroups: cgroupAccess().layout,
    peers: [versionOf('unshare'), versionOf('bwrap'), versionOf('crun')].filter((version) => version !== undefined),
    date: new Date().toISOString(),
  };
}

function versionOf(command: string): string | undefined {
  try {
    return execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n')[0];
  } catch {
    return undefined;
  }
}
