import { Sandbox } from './sandbox.js';

/** A sandbox that isolates nothing, to be built up: `bare().unshare('pid', 'mount')`. */
export function bare(): Sandbox {
  return Sandbox.bare();
}

/**
 * A sandbox with the safe default: user, mount, PID, network, IPC, UTS and cgroup namespaces of its own (a time namespace
 * when clock offsets are given); the host's files, none of which can be written, with {@link privateFiles} in the place of what
 * belongs to others; the loopback interface up and no other; the caller mapped to itself; no capabilities, and no way to gain
 * any; a session of its own; no descriptor of the caller above 2; killed when the caller ends.
 *
 * What the caller may read on the host, outside of its home, the command may read too: for root that is nearly everything.
 */
export function isolate(): Sandbox {
  return Sandbox.bare()
    .unshare('user', 'mount', 'pid', 'net', 'ipc', 'uts', 'cgroup')
    .hostRoot({ nosuid: true, nodev: true })
    .use(privateFiles)
    .loopback()
    .capabilities([])
    .noNewPrivs()
    .newSession()
    .dieWithParent();
}

/**
 * Its own /tmp, /run, /dev and home, all empty but for six devices; the working directory of the caller, read-only, where that
 * hides it; the settings of the kernel in /proc read-only, and what tells of others masked.
 */
export function privateFiles(sandbox: Sandbox): Sandbox {
  return sandbox
    .tmpfs('/tmp', { mode: 0o1777, size: '25%' })
    .tmpfs('/run', { size: '5%' })
    .dev()
    .home()
    .workingDirectory()
    .resolver()
    .kernelGuards();
}

/** A sandbox from its spec, as an object or as JSON text: see {@link Sandbox.from}. */
isolate.from = (spec: unknown): Sandbox => Sandbox.from(spec);
