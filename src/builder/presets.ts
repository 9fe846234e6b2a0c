import { Sandbox } from './sandbox.js';

/** A sandbox that isolates nothing, to be built up: `bare().unshare('pid', 'mount')`. */
export function bare(): Sandbox {
  return Sandbox.bare();
}

/**
 * A sandbox with the safe default: user, mount, PID, network, IPC, UTS and cgroup namespaces of its own (a time namespace
 * when clock offsets are given), a fresh `/proc`, the loopback interface up and no other; the caller mapped to itself; no
 * capabilities, and no way to gain any; a session of its own; no descriptor of the caller above 2; killed when the caller
 * ends.
 *
 * **What it does not protect yet: files.** The command sees the host's file system, and may read and write there whatever
 * the calling user may. For root that includes the settings of the kernel below `/proc/sys`: let root run only what it
 * trusts, or map other users with {@link Sandbox.mapUsers} and {@link Sandbox.mapGroups}.
 */
export function isolate(): Sandbox {
  return Sandbox.bare()
    .unshare('user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup')
    .loopback()
    .capabilities([])
    .noNewPrivs()
    .newSession()
    .dieWithParent();
}

/** A sandbox from its spec, as an object or as JSON text: see {@link Sandbox.from}. */
isolate.from = (spec: unknown): Sandbox => Sandbox.from(spec);
