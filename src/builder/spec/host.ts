import type { NamespaceKind } from '../../ns/index.js';
import type { HostCgroups } from './host-cgroups.js';
import type { HostFiles } from './host-files.js';
import type { HostProcesses } from './host-processes.js';

/**
 * What a plan depends on besides the spec: facts of the host and of the caller, as data. The plan for a command on another
 * host, or of another user, is made by giving other facts.
 */
export interface Host {
  /** The caller's effective user and group id. */
  readonly uid: number;
  readonly gid: number;
  /** The caller's effective capabilities: bit N is capability N. */
  readonly capabilities: bigint;
  /** The number of the last capability that the kernel has. */
  readonly lastCapability: number;
  /** The caller's working directory, without symbolic links; undefined where /proc does not tell. */
  readonly cwd: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Signals that the caller ignores, which a child would ignore too. */
  readonly ignoredSignals: readonly number[];
  /** The most bytes that the arguments and the environment of a command may take. */
  readonly argumentLimit: number;
  /** Whether the caller's user namespace lets anybody in it change supplementary groups: `/proc/self/setgroups`. */
  readonly setgroupsAllowed: boolean;
  /** The kinds of namespaces that the kernel has. */
  readonly namespaces: readonly NamespaceKind[];
  /** Whether a time namespace is entered by execve(2): from Linux 6.3 on. */
  readonly timeEntersAtExec: boolean;
  /** The files of the host, as far as a plan asks for them. */
  readonly files: HostFiles;
  /** The processes of the host, as far as a plan asks for them. */
  readonly processes: HostProcesses;
  /** The control groups of the host, as far as a plan asks for them. */
  readonly cgroups: HostCgroups;
  /** Whether a process can be born into a control group of v2, by CLONE_INTO_CGROUP: from Linux 5.7 on. */
  readonly cloneIntoCgroup: boolean;
  /** Where the caller is at home: by the environment, and by the user database. */
  readonly homes: readonly string[];
  /** Which calls make mounts: those of Linux 5.2 to 5.12 (`open_tree`, `move_mount`, `mount_setattr` …), or mount(2) alone. */
  readonly mountCalls: 'new' | 'classic';
  /** Whether the kernel has openat2(2): from Linux 5.6 on. */
  readonly openat2: boolean;
  /** Whether an overlay can keep its notes where a user may write them, as in a user namespace: from Linux 5.11 on. */
  readonly overlayUserXattr: boolean;
  /** Whether a file system in memory can hold such notes: from Linux 6.6 on. */
  readonly tmpfsUserXattr: boolean;
  /** Whether a map of the caller's user 0 takes CAP_SETFCAP: from Linux 5.12 on. */
  readonly rootMapTakesSetfcap: boolean;
}

/** Whether the caller has a capability. */
export function hasCapability(host: Host, capability: number): boolean {
  return ((host.capabilities >> BigInt(capability)) & 1n) === 1n;
}
