import type { CgroupLimits } from '../../cgroup/index.js';
import type { ClockOffsets, IdMap, NamespaceKind } from '../../ns/index.js';
import type { CgroupSpec } from './cgroup.js';
import type { FilesEntry, RootSpec } from './file-entry.js';
import type { JoinSpec } from './join.js';
import type { ListenEntry } from './listen.js';
import type { StdioEntry } from './stdio.js';
import type { TtySpec } from './terminal.js';
import type { TimeoutSpec } from './timeout.js';

/**
 * How a process is to be isolated: plain data, frozen, and the same after a trip through JSON. A `Sandbox` assembles it,
 * and a plan is compiled from it. What is left out is as it is for any child process.
 */
export interface ProcessSpec {
  readonly version: 1;
  /** The namespaces that are new for the process, in the order of `namespaceKinds`. */
  readonly unshare: readonly NamespaceKind[];
  /** Namespaces of others that the process enters. */
  readonly join?: JoinSpec;
  /** Which ids exist in a new user namespace. Where a side is left out, the caller's own id is mapped to itself. */
  readonly userMap?: readonly IdMap[];
  readonly groupMap?: readonly IdMap[];
  /** The caller is root inside a new user namespace: the same as a map of its ids to 0. */
  readonly mapRoot?: true;
  readonly hostname?: string;
  readonly domainname?: string;
  /** What `/` is; left out, the host's own file system as the caller sees it. */
  readonly root?: RootSpec;
  /** What is mounted and made in it, in this order. */
  readonly files?: readonly FilesEntry[];
  /**
   * No proc is mounted but where `files` say so. Left out, one is mounted at `/proc`, before all else, if both a PID and a mount
   * namespace are new: without it the process would see the host's processes under ids that mean nothing to it.
   */
  readonly proc?: false;
  /** How the new mount namespace stands to the host's: what the host mounts later stays outside, or comes in. */
  readonly propagation?: 'slave';
  /** The loopback interface of a new network namespace is up. */
  readonly loopback?: true;
  readonly clock?: ClockOffsets;
  readonly env: EnvSpec;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Supplementary groups. */
  readonly groups?: readonly number[];
  readonly umask?: number;
  /** What the process sees as its own name, where it is not that of the command. */
  readonly argv0?: string;
  readonly stdio?: readonly StdioEntry[];
  /** Sockets that it takes over from descriptor 3 on. */
  readonly listen?: readonly ListenEntry[];
  /** A terminal of its own as the standard three, and as the controlling terminal of a session of its own. */
  readonly tty?: TtySpec;
  /** PR_SET_NO_NEW_PRIVS: no program that it runs gains privileges by set-user-ID bits or file capabilities. */
  readonly noNewPrivs?: true;
  /** The capabilities that it keeps, as `CAP_NET_BIND_SERVICE`; left out, they are not touched. */
  readonly capabilities?: readonly string[];
  /** The command itself is the first process of a new PID namespace, and not the child of an init of ours. */
  readonly asPid1?: true;
  /** setsid(2): a session of its own, without a controlling terminal. */
  readonly newSession?: true;
  /** PR_SET_PDEATHSIG: it is killed when the program that started it ends. */
  readonly dieWithParent?: true;
  /** How long it may run: what it is ended by belongs to it. */
  readonly timeout?: TimeoutSpec;
  /** What it may use, with all that it starts: of a control group of its own. */
  readonly limits?: CgroupLimits;
  /** What becomes of them where there can be no control group; left out, an error. */
  readonly limitsFallback?: 'rlimit';
  /** Which control group it is in, or where its own is made; left out, that of this program, unless it has limits. */
  readonly cgroup?: CgroupSpec;
}

/** The environment of the process. */
export interface EnvSpec {
  /** Whether it starts from the caller's environment, or from an empty one. */
  readonly inherit: boolean;
  /** Variables to set; `null` takes one away. */
  readonly set: Readonly<Record<string, string | null>>;
}

/** A command and its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}
